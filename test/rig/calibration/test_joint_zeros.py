import math

import numpy as np
import pytest

from teleop_collect.errors import CheckFailed
from teleop_collect.rig.calibration.joint_zeros import Posture, calibrate_zeros, servo_angle
from teleop_collect.rig.servo_config import Servo

TRUE = {
    "pan": Servo(id=1, model="XL330-M288", zero_rad=0.31, sign=-1),
    "lift": Servo(id=2, model="XL330-M288", zero_rad=-0.07),
    "gripper": Servo(id=3, model="XL330-M077", zero_rad=0.4, scale=0.5, offset=0.1),
}
"""The arm as it is built."""
STATED = {
    "pan": Servo(id=1, model="XL330-M288"),
    "lift": Servo(id=2, model="XL330-M288"),
    "gripper": Servo(id=3, model="XL330-M077", scale=0.5, offset=0.1),
}
"""The arm as the rig file states it."""
FIRST = {"pan": 0.0, "lift": -1.3, "gripper": 0.1}
SECOND = {"pan": 0.8, "lift": -0.6, "gripper": 0.5}
TICK_RAD = 2 * math.pi / 4096


def held(joints: dict[str, float], true=TRUE, **off_rad: float) -> Posture:
    """Readings of whole ticks of an arm held in a posture, a joint `off_rad` away from it."""
    angles = {
        name: round((servo_angle(true[name], value) + off_rad.get(name, 0.0)) / TICK_RAD) * TICK_RAD
        for name, value in joints.items()
    }
    return Posture(joints, angles, dict.fromkeys(joints, 0.0005))


def test_zeros_and_directions_are_found_within_a_fifth_of_a_degree():
    fit = calibrate_zeros("leader", STATED, held(FIRST), held(SECOND))
    for joint, servo in TRUE.items():
        found = fit.values.joints[joint]
        assert found.sign == servo.sign
        assert found.zero_rad == pytest.approx(servo.zero_rad, abs=math.radians(0.2))
        assert abs(fit.verified_rad[joint]) < math.radians(0.2)
    assert fit.changed_rad["pan"] is None
    assert fit.changed_rad["lift"] == pytest.approx(-0.07, abs=0.002)


@pytest.mark.parametrize("seed", range(20))
def test_zeros_hold_for_any_arm(seed: int):
    rng = np.random.default_rng(seed)
    true = {
        name: servo.model_copy(
            update={"zero_rad": rng.uniform(-1, 1), "sign": int(rng.choice([-1, 1]))}
        )
        for name, servo in TRUE.items()
    }
    fit = calibrate_zeros("leader", STATED, held(FIRST, true), held(SECOND, true))
    for joint, servo in true.items():
        assert fit.values.joints[joint].sign == servo.sign
        assert abs(fit.values.joints[joint].zero_rad - servo.zero_rad) < math.radians(0.2)


def test_a_joint_off_at_the_second_posture_is_refused_by_name():
    with pytest.raises(
        CheckFailed, match=r"not verified at the second posture: lift by -?4\.0 deg"
    ):
        calibrate_zeros("leader", STATED, held(FIRST), held(SECOND, lift=math.radians(4)))


def test_the_same_posture_twice_is_refused():
    with pytest.raises(CheckFailed, match=r"pan, lift, gripper moved less than 0\.2 rad"):
        calibrate_zeros("leader", STATED, held(FIRST), held(FIRST))


def test_an_arm_that_was_not_held_still_is_refused():
    shaky = Posture(FIRST, held(FIRST).angles_rad, {"pan": 0.0, "lift": 0.05, "gripper": 0.0})
    with pytest.raises(CheckFailed, match="lift moved while posture 1 was read; hold the arm"):
        calibrate_zeros("leader", STATED, shaky, held(SECOND))


def test_a_missing_joint_is_refused_by_name():
    partial = {"pan": 0.8, "gripper": 0.5}
    with pytest.raises(CheckFailed, match="posture 2 lacks lift"):
        calibrate_zeros("leader", STATED, held(FIRST), held(partial))
