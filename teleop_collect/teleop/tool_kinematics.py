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
        moving = [self._joint(name, description) for name in joints]
        self._columns = [joint.idx_v for joint in moving]
        self._indices = [joint.idx_q for joint in moving]
        # Kept as cosine and sine.
        self._continuous = [joint.idx_q for joint in moving if joint.nq == 2]
        self._types = {name: joint.type for name, joint in description.joints.items()}
        self._tool = self._model.getFrameId(tool_frame)
        self._neutral: FloatArray = pinocchio.neutral(self._model)
        self.tool_frame = tool_frame
        (self.base_frame,) = description.links - {j.child for j in description.joints.values()}

    def base_from_tool(self, positions: Sequence[float] | FloatArray) -> FloatArray:
        """4x4 pose of the tool frame in the base frame.

        Args:
            positions: rad or m, shape (joints,).
        """
        return np.array(self._tool_placement(positions).homogeneous)

    def base_tool_position(self, positions: Sequence[float] | FloatArray) -> FloatArray:
        """Origin of the tool frame in the base frame, m, shape (3,).

        Args:
            positions: rad or m, shape (joints,).
        """
        return np.array(self._tool_placement(positions).translation)

    def _tool_placement(self, positions: Sequence[float] | FloatArray) -> Any:
        configuration = self._configuration(positions)
        self._pin.forwardKinematics(self._model, self._data, configuration)
        return self._pin.updateFramePlacement(self._model, self._data, self._tool)

    @property
    def reach(self) -> list[float]:
        """By joint, how far the tool moves for 1 rad (or 1 m) of it, at most, m.

        The length of the chain from the joint to the tool, all offsets and strokes added up; 0 for
        a joint that does not move the tool.
        """
        frame = self._model.frames[self._tool]
        length = float(np.linalg.norm(frame.placement.translation))
        index, found = frame.parentJoint, {}
        while index > 0:
            joint = self._model.joints[index]
            prismatic = self._types[self._model.names[index]] == "prismatic"
            found[joint.idx_v] = 1.0 if prismatic else length
            length += float(np.linalg.norm(self._model.jointPlacements[index].translation))
            if prismatic:
                lower = self._model.lowerPositionLimit[joint.idx_q]
                length += float(max(abs(lower), abs(self._model.upperPositionLimit[joint.idx_q])))
            index = self._model.parents[index]
        return [found.get(column, 0.0) for column in self._columns]

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

    def _configuration(self, positions: Sequence[float] | FloatArray) -> FloatArray:
        configuration = self._neutral.copy()
        configuration[self._indices] = positions
        for index in self._continuous:
            angle = configuration[index]
            configuration[index : index + 2] = np.cos(angle), np.sin(angle)
        return configuration
