"""Zeros of a follower of servos, held by an emulated hand with torque off."""

import math

import pytest
from support.emulated_arm import SERVOS, emulated_arm

from teleop_collect.clock import SystemClock
from teleop_collect.devices.dynamixel.held_arm import HeldArm
from teleop_collect.rig.calibration.joint_zeros import Posture, calibrate_zeros, servo_angle
from teleop_collect.rig.config import DynamixelFollower

pytestmark = pytest.mark.timeout(180)
"""Other processes of the test start, which takes long on a busy machine."""

POSTURES = (
    {"shoulder_pan": 0.0, "elbow": -0.4, "wrist_1": 0.2, "gripper": 0.0},
    {"shoulder_pan": 0.7, "elbow": 0.4, "wrist_1": 0.6, "gripper": 0.8},
)


def test_zeros_and_directions_of_a_held_follower_are_found():
    stated = {j: {k: v for k, v in s.items() if k not in ("zero_rad", "sign")}
              for j, s in SERVOS.items()}  # fmt: skip
    warnings: list[str] = []
    with emulated_arm(torque=True) as arm:
        config = DynamixelFollower(
            driver="dynamixel", serial="TEST", port="sim://x", baud=4_000_000, servos=stated
        )
        held = []
        with HeldArm(config, str(arm.path), SystemClock(), warnings.append) as follower:
            for posture in POSTURES:
                arm.client.set_pose(posture)
                sample = follower.still()
                angles = {
                    joint: servo_angle(servo, sample.joints[joint])
                    for joint, servo in config.servos.items()
                }
                held.append(Posture(posture, angles, sample.noise_rad))
            torque = arm.client.status()["torque"]
    assert warnings == ["torque goes off now: hold the arm, or it falls"]
    assert not any(torque.values() if isinstance(torque, dict) else torque)
    found = calibrate_zeros("follower", config.servos, *held).values.joints
    for joint, true in SERVOS.items():
        assert found[joint].sign == true.get("sign", 1), joint
        assert abs(found[joint].zero_rad - true.get("zero_rad", 0.0)) < math.radians(0.2), joint
