"""Where an arm's tool is and how its joints move it, from the robot description."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from teleop_collect.errors import ConfigError
from teleop_collect.rig.description import RobotDescription
from teleop_collect.rig.pinocchio_library import import_pinocchio
from teleop_collect.samples import FloatArray


class ToolKinematics:
    """Forward kinematics and Jacobian of some joints of a robot; its other joints stay at zero.

    Args:
        description: the robot.
        joints: in the order of all positions and Jacobian columns.
        tool_frame: link whose origin is the tool's.

    Attributes:
        base_frame: the description's root link, whose axes all results have.
        tool_frame: as given.

    Raises:
        ConfigError: the description lacks the tool frame or a joint, or moves the joint in no
            single direction.
        MissingExtraError, MissingSystemLibraryError: see `import_pinocchio`.
    """

    def __init__(
        self, description: RobotDescription, joints: Sequence[str], tool_frame: str
    ) -> None:
        pinocchio = import_pinocchio("kinematics")
        if tool_frame not in description.links:
            raise ConfigError(f"tool_frame {tool_frame!r} is not a link of {description.path}")
        self._pin: Any = pinocchio
        self._model = pinocchio.buildModelFromXML(description.text)
        self._data = self._model.createData()
        self._joints = [self._joint(name, description) for name in joints]
        self._columns = [joint.idx_v for joint in self._joints]
        self._tool = self._model.getFrameId(tool_frame)
        self._neutral: FloatArray = pinocchio.neutral(self._model)
        self.tool_frame = tool_frame
        (self.base_frame,) = description.links - {j.child for j in description.joints.values()}

    def base_from_tool(self, positions: FloatArray) -> FloatArray:
        """4x4 pose of the tool frame in the base frame.

        Args:
            positions: rad or m, shape (joints,).
        """
        self._pin.framesForwardKinematics(self._model, self._data, self._configuration(positions))
        return np.array(self._data.oMf[self._tool].homogeneous)

    @property
    def reach_m(self) -> float:
        """How far the tool moves when a joint turns by 1 rad, at most: all offsets added up, m."""
        offsets = [placement.translation for placement in self._model.jointPlacements]
        offsets.append(self._model.frames[self._tool].placement.translation)
        return float(sum(np.linalg.norm(offset) for offset in offsets))

    def jacobian(self, positions: FloatArray) -> FloatArray:
        """Velocity of the tool's origin and of its rotation, in base axes, per joint velocity.

        Args:
            positions: rad or m, shape (joints,).

        Returns:
            Shape (6, joints), linear rows first.
        """
        whole = self._pin.computeFrameJacobian(
            self._model,
            self._data,
            self._configuration(positions),
            self._tool,
            self._pin.LOCAL_WORLD_ALIGNED,
        )
        return np.array(whole[:, self._columns])

    def _joint(self, name: str, description: RobotDescription) -> Any:
        if not self._model.existJointName(name):
            raise ConfigError(f"{description.path}: joint '{name}' does not move anything")
        return self._model.joints[self._model.getJointId(name)]

    def _configuration(self, positions: FloatArray) -> FloatArray:
        configuration = self._neutral.copy()
        for joint, position in zip(self._joints, positions.tolist(), strict=True):
            if joint.nq == 1:
                configuration[joint.idx_q] = position
            else:  # A continuous joint is kept as cosine and sine.
                configuration[joint.idx_q] = np.cos(position)
                configuration[joint.idx_q + 1] = np.sin(position)
        return configuration
