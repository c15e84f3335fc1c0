"""Encoders and force-torque sensor of a simulated follower: what is wrong, and what is corrected.

An encoder reports `sim.planted.follower_zero_rad` too much; the current calibration of the follower
takes its own estimate of that off again. The wrench is corrected by the current calibration where
the rig file applies it.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from teleop_collect.devices.sim.randomization import sim_section
from teleop_collect.rig.calibration.apply import applied_load, applied_zeros
from teleop_collect.rig.calibration.arm_model import ArmModel
from teleop_collect.rig.calibration.store import Calibrations
from teleop_collect.rig.calibration.wrench import compensated
from teleop_collect.rig.config import Rig
from teleop_collect.rig.description import RobotDescription
from teleop_collect.samples import JointSample, WrenchSample


class FollowerSensors:
    """Corrections of one simulated arm.

    Args:
        rig: the rig.
        arm: name of the arm.
        description: its URDF.
        calibrations: the rig's current ones.

    Raises:
        MissingExtraError: a wrench calibration is applied and pinocchio is not installed.
    """

    def __init__(
        self, rig: Rig, arm: str, description: RobotDescription, calibrations: Calibrations
    ) -> None:
        planted = sim_section(rig).planted.follower_zero_rad
        zeros = applied_zeros(rig, arm, "follower", calibrations)
        known = {} if zeros is None else {j: z.zero_rad for j, z in zeros.joints.items()}
        off = {joint: planted.get(joint, 0.0) - known.get(joint, 0.0) for joint in planted | known}
        self._off = {joint: value for joint, value in off.items() if value}
        self._load = applied_load(rig, arm, calibrations)
        self._model = None if self._load is None else ArmModel(rig.arms[arm], description)

    def reported(self, sample: JointSample) -> JointSample:
        """Joints as the encoders report them."""
        if not self._off:
            return sample
        position = (
            value + self._off.get(name, 0.0)
            for name, value in zip(sample.names, sample.position, strict=True)
        )
        return replace(sample, position=tuple(position))

    def targets(self, command: Mapping[str, float]) -> dict[str, float]:
        """Where the joints go when the encoders are told to read `command`."""
        return {joint: value - self._off.get(joint, 0.0) for joint, value in command.items()}

    def corrected(self, wrench: WrenchSample, joints: JointSample) -> WrenchSample:
        """The wrench without bias and tool weight, where a calibration is applied."""
        if self._load is None or self._model is None:
            return wrench
        gravity = self._model.gravity_in(wrench.frame_id, joints.by_name())
        force, torque = compensated(
            np.array(wrench.force_n), np.array(wrench.torque_nm), gravity, self._load
        )
        (fx, fy, fz), (tx, ty, tz) = force.tolist(), torque.tolist()
        return replace(wrench, force_n=(fx, fy, fz), torque_nm=(tx, ty, tz))
