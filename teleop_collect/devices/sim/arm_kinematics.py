"""Inverse kinematics of one arm, for the scripted operator."""

from pathlib import Path
from typing import Any

import numpy as np

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Arm
from teleop_collect.rig.description import RobotDescription, effective_limits, resolve_urdf
from teleop_collect.rig.pinocchio_library import import_pinocchio
from teleop_collect.samples import FloatArray

DAMPING = 1e-2
MAX_STEP_RAD = 0.2
TOLERANCE = 1e-4
"""Residual at which a posture counts as reached: 0.1 mm and 0.1 mrad taken together."""
MAX_ITERATIONS = 200


class ArmKinematics:
    """Forward and inverse kinematics of an arm's revolute joints.

    Args:
        arm: the arm of the rig file.
        rig_path: file the rig was read from.

    Attributes:
        joints: the revolute joints in the rig file's order, which is also that of postures.
        gripper: the prismatic joint that closes the gripper.

    Raises:
        ConfigError: the arm has not exactly one prismatic joint, or no link `tool_frame`.
        MissingExtraError, MissingSystemLibraryError: see `import_pinocchio`.
    """

    def __init__(self, arm: Arm, rig_path: Path | None = None) -> None:
        self._pin: Any = import_pinocchio("sim")
        description = RobotDescription.from_urdf(resolve_urdf(arm.urdf, rig_path))
        prismatic = [j for j in arm.joints if description.joints[j].type == "prismatic"]
        if len(prismatic) != 1:
            raise ConfigError(
                f"the scripted operator needs one prismatic gripper joint; {description.path} "
                f"gives {len(prismatic)} of the arm's joints as prismatic"
            )
        (self.gripper,) = prismatic
        self.joints = tuple(joint for joint in arm.joints if joint != self.gripper)
        limits = effective_limits(arm, description)
        self._lower = np.array([limits[joint].lower for joint in self.joints])
        self._upper = np.array([limits[joint].upper for joint in self.joints])
        self._build(description, arm.tool_frame)

    def _build(self, description: RobotDescription, tool_frame: str) -> None:
        """The model with all joints locked but ours."""
        pin = self._pin
        model = pin.buildModelFromXML(description.text)
        ours = {model.getJointId(joint) for joint in self.joints}
        locked = [index for index in range(1, model.njoints) if index not in ours]
        self._model = pin.buildReducedModel(model, locked, pin.neutral(model))
        self._data = self._model.createData()
        if not self._model.existFrame(tool_frame):
            raise ConfigError(f"tool_frame {tool_frame!r} is not a link of {description.path}")
        self._tool = self._model.getFrameId(tool_frame)
        indices = [self._model.joints[self._model.getJointId(j)].idx_q for j in self.joints]
        self._order = np.array(indices)

    def base_from_tool(self, posture: FloatArray) -> FloatArray:
        """4x4 pose of the tool frame in the arm's base."""
        self._update(posture)
        return np.array(self._data.oMf[self._tool].homogeneous)

    def solve(self, base_from_tool: FloatArray, seed: FloatArray) -> FloatArray:
        """Joint positions that bring the tool frame to a pose.

        Damped least squares (Nakamura and Hanafusa, 1986; Wampler, 1986) from the seed.

        Args:
            base_from_tool: 4x4 pose wanted.
            seed: posture to start from, shape (joints,).

        Raises:
            ConfigError: the pose is out of reach or beyond a joint limit.
        """
        pin = self._pin
        goal = pin.SE3(base_from_tool[:3, :3], base_from_tool[:3, 3])
        posture = np.array(seed, dtype=float)
        for _ in range(MAX_ITERATIONS):
            self._update(posture)
            tool_from_goal = self._data.oMf[self._tool].actInv(goal)
            error = pin.log6(tool_from_goal).vector
            if np.linalg.norm(error) < TOLERANCE:
                return self._within_limits(posture, base_from_tool)
            step = self._step(error)
            posture += step * min(1.0, MAX_STEP_RAD / (np.abs(step).max() + 1e-12))
        raise ConfigError(f"{_place(base_from_tool)} is out of the arm's reach with the tool down")

    def _update(self, posture: FloatArray) -> None:
        configuration = np.empty(len(posture))
        configuration[self._order] = posture
        self._configuration = configuration
        self._pin.framesForwardKinematics(self._model, self._data, configuration)

    def _step(self, error: FloatArray) -> FloatArray:
        """Step dq = J^T (J J^T + damping^2 I)^-1 e, with J in the tool frame."""
        jacobian = self._pin.computeFrameJacobian(
            self._model, self._data, self._configuration, self._tool
        )[:, self._order]
        damped = jacobian @ jacobian.T + DAMPING**2 * np.eye(6)
        step: FloatArray = jacobian.T @ np.linalg.solve(damped, error)
        return step

    def _within_limits(self, posture: FloatArray, base_from_tool: FloatArray) -> FloatArray:
        for joint, value, lower, upper in zip(
            self.joints, posture, self._lower, self._upper, strict=True
        ):
            if not lower <= value <= upper:
                raise ConfigError(
                    f"{_place(base_from_tool)} needs {joint} at {value:.3f} rad, beyond its limits "
                    f"{lower:g} to {upper:g}; move sim.cube or sim.bin nearer to the arm"
                )
        return posture


def _place(base_from_tool: FloatArray) -> str:
    x, y, z = base_from_tool[:3, 3]
    return f"tool position ({x:.3f}, {y:.3f}, {z:.3f}) m from the arm's base"
