import numpy as np
import pytest

from teleop_collect.errors import CheckFailed
from teleop_collect.rig.calibration.arm_model import GRAVITY_M_S2, ArmModel
from teleop_collect.rig.calibration.values import WrenchLoad
from teleop_collect.rig.calibration.wrench import (
    WrenchPose,
    calibrate_wrench,
    compensated,
    expected_wrench,
)
from teleop_collect.rig.description import descriptions_of
from teleop_collect.rig.load import load_rig

TRUTH = WrenchLoad(
    frame_id="ft_frame", bias_force_n=(1.2, -0.7, 3.1), bias_torque_nm=(0.05, -0.02, 0.11),
    tool_mass_kg=0.55, tool_center_m=(0.004, -0.002, 0.045),
)  # fmt: skip
POSTURES = (
    {}, {"wrist_1": 1.4}, {"wrist_1": -1.2}, {"wrist_2": 1.3}, {"wrist_2": -1.3, "wrist_1": 0.6},
    {"wrist_3": 1.0, "wrist_1": 1.0}, {"elbow": 1.5, "wrist_2": 0.8}, {"shoulder_lift": -1.2},
)  # fmt: skip


def poses(load: WrenchLoad = TRUTH, noise_n: float = 0.05) -> list[WrenchPose]:
    """What a sensor on the arm of the simulated rig shows, by pinocchio's kinematics."""
    loaded = load_rig("sim_tabletop")
    model = ArmModel(loaded.rig.arms["main"], descriptions_of(loaded.rig, loaded.path)["main"])
    rng = np.random.default_rng(2)
    found = []
    for posture in POSTURES:
        gravity = model.gravity_in("ft_frame", posture)
        force, torque = expected_wrench(gravity, load)
        force = force + rng.normal(0, noise_n / 10, 3)
        torque = torque + rng.normal(0, 2e-4, 3)
        found.append(WrenchPose(gravity, force, torque, noise_n))
    return found


def test_bias_mass_and_centre_are_found_within_two_percent():
    fit = calibrate_wrench(poses(), "ft_frame")
    assert fit.values.tool_mass_kg == pytest.approx(TRUTH.tool_mass_kg, rel=0.02)
    assert fit.values.tool_center_m == pytest.approx(TRUTH.tool_center_m, abs=0.001)
    assert fit.values.bias_force_n == pytest.approx(TRUTH.bias_force_n, abs=0.02)
    assert fit.values.bias_torque_nm == pytest.approx(TRUTH.bias_torque_nm, abs=0.001)
    assert fit.rms_n < 0.02
    assert abs(fit.values.tool_mass_kg - TRUTH.tool_mass_kg) < 5 * fit.error_kg


def test_what_the_environment_does_remains_after_compensation():
    gravity = np.array([0.0, GRAVITY_M_S2, 0.0])
    force, torque = expected_wrench(gravity, TRUTH)
    left = compensated(force + np.array([0, 0, 4.0]), torque, gravity, TRUTH)
    assert left[0] == pytest.approx([0, 0, 4.0])
    assert left[1] == pytest.approx([0, 0, 0])


def test_too_few_poses_are_refused():
    with pytest.raises(CheckFailed, match="4 poses at rest; 6 are needed"):
        calibrate_wrench(poses()[:4], "ft_frame")


def test_one_attitude_many_times_is_refused():
    with pytest.raises(CheckFailed, match="points the same way in all poses"):
        calibrate_wrench([poses()[0]] * 8, "ft_frame")


def test_turns_about_one_axis_are_refused():
    one = [WrenchPose(np.array([np.sin(a), 0, np.cos(a)]) * 9.8, np.zeros(3), np.zeros(3))
           for a in (0, 0.1, 0.2, 3.0, 3.1, 3.14)]  # fmt: skip
    with pytest.raises(CheckFailed, match="parallel axes only"):
        calibrate_wrench(one, "ft_frame")


def test_an_arm_that_moves_is_refused_with_the_pose():
    restless = poses()
    restless[2] = WrenchPose(restless[2].gravity_m_s2, restless[2].force_n, np.zeros(3), 4.0)
    with pytest.raises(CheckFailed, match=r"in pose 3 the force varies by 4\.00 N \(limit 1 N\)"):
        calibrate_wrench(restless, "ft_frame")


def test_readings_that_are_not_numbers_are_refused():
    broken = poses()
    broken[0] = WrenchPose(broken[0].gravity_m_s2, broken[0].force_n * np.nan, np.zeros(3), np.nan)
    with pytest.raises(CheckFailed, match="in pose 1 the force varies"):
        calibrate_wrench(broken, "ft_frame")


def test_a_sensor_of_the_opposite_sign_is_refused():
    turned = [WrenchPose(p.gravity_m_s2, -p.force_n, -p.torque_nm, p.noise_n) for p in poses()]
    with pytest.raises(CheckFailed, match=r"mass comes out as -0\.55"):
        calibrate_wrench(turned, "ft_frame")


def test_contact_in_some_poses_is_refused():
    touching = poses()
    for i in (1, 4):
        p = touching[i]
        pushed = p.force_n + np.array([0, 12.0, -9.0])
        touching[i] = WrenchPose(p.gravity_m_s2, pushed, p.torque_nm, 0.1)
    with pytest.raises(CheckFailed, match=r"are left over \(limit 2 N\): the tool touched"):
        calibrate_wrench(touching, "ft_frame")
