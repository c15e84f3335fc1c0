"""Forward kinematics of an arm by pinocchio, for calibrations."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from teleop_collect.errors import ConfigError, MissingExtraError
from teleop_collect.rig.calibration.rigid import from_mount
from teleop_collect.rig.config import Arm
from teleop_collect.rig.description import RobotDescription
from teleop_collect.samples import FloatArray

GRAVITY_M_S2 = 9.80665
"""Standard gravity; local gravity differs by up to 0.3 %, and so does a mass found with it."""


class ArmModel:
    """Poses of the links of an arm in the world.

    Args:
        arm: the arm of the rig file.
        description: its URDF.

    Raises:
        MissingExtraError: pinocchio is not installed.
    """

    def __init__(self, arm: Arm, description: RobotDescription) -> None:
        try:
            import pinocchio
        except ImportError as error:
            raise MissingExtraError("pinocchio", "calibration") from error
        self._pin: Any = pinocchio
        self._path = description.path
        self._model = pinocchio.buildModelFromXML(description.text)
        self._data = self._model.createData()
        self._mimics = {
            name: (joint.mimic.joint, joint.mimic.multiplier, joint.mimic.offset)
            for name, joint in description.joints.items()
            if joint.mimic is not None
        }
        self._world_from_base = from_mount(arm.base)

    def world_from_link(self, link: str, joints: Mapping[str, float]) -> FloatArray:
        """4x4 pose of a link.

        Args:
            link: name in the URDF.
            joints: rad or m by name; joints not named are at 0.

        Raises:
            ConfigError: no such link.
        """
        if not self._model.existFrame(link):
            raise ConfigError(f"{self._path} has no link '{link}'")
        self._pin.framesForwardKinematics(self._model, self._data, self._configuration(joints))
        pose = self._data.oMf[self._model.getFrameId(link)].homogeneous
        world_from_link: FloatArray = self._world_from_base @ np.array(pose)
        return world_from_link

    def gravity_in(self, link: str, joints: Mapping[str, float]) -> FloatArray:
        """Acceleration of gravity in a link's axes, m/s^2, shape (3,); the world's z points up."""
        rotation = self.world_from_link(link, joints)[:3, :3]
        gravity: FloatArray = rotation.T @ np.array([0.0, 0.0, -GRAVITY_M_S2])
        return gravity

    def _configuration(self, joints: Mapping[str, float]) -> FloatArray:
        configuration: FloatArray = self._pin.neutral(self._model)
        for index in range(1, self._model.njoints):
            name, joint = self._model.names[index], self._model.joints[index]
            source, gain, offset = self._mimics.get(name, (name, 1.0, 0.0))
            value = gain * joints.get(source, 0.0) + offset
            if joint.nq == 1:
                configuration[joint.idx_q] = value
            else:  # A continuous joint is kept as cosine and sine.
                configuration[joint.idx_q : joint.idx_q + 2] = np.cos(value), np.sin(value)
        return configuration
