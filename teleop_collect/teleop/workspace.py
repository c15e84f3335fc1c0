"""Workspace limit: the origin of the tool frame stays inside a box and on one side of planes.

Positions are those of forward kinematics in the arm's base frame, m. The plan is judged by the
posture in which the arm would come to rest, so the tool slows down before it reaches a face.
"""

from collections.abc import Callable, Sequence

import numpy as np

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Workspace
from teleop_collect.samples import FloatArray
from teleop_collect.teleop.arm_step import ArmStep
from teleop_collect.teleop.guard import clearance_share
from teleop_collect.teleop.limiter_bits import LimiterBits

SKIN_M = 1e-3
"""The tool stops this far before a face: what a way of straight pieces may differ from its arc."""


class WorkspaceLimit:
    """Keeps the tool inside its workspace.

    Args:
        workspace: of the rig file.
        joints: indices of the joints that move the tool.
        tool_position: of a posture (rad or m by joint): the tool's origin in the base frame, m.
        reach: by joint, how far the tool moves when it moves by 1 rad (or 1 m), at most, m.

    Raises:
        ConfigError: the box is empty or a plane has no direction.
    """

    bit = LimiterBits.WORKSPACE

    def __init__(
        self,
        workspace: Workspace,
        joints: Sequence[int],
        tool_position: Callable[[Sequence[float]], FloatArray],
        reach: Sequence[float],
    ) -> None:
        self.joints = tuple(joints)
        self.text = ""
        self._tool_position = tool_position
        self._reach = reach
        faces = list(_faces(workspace))
        self._names = [name for name, _, _ in faces]
        self._normals = np.array([normal for _, normal, _ in faces]).reshape(-1, 3)
        self._offsets = np.array([offset for _, _, offset in faces])

    def share(self, step: ArmStep) -> float:
        """See `Guard.share`."""
        share, self.text = clearance_share(
            step, self.joints, self.clearance, SKIN_M, SKIN_M, self._reach
        )
        return share

    def clearance(self, posture: Sequence[float]) -> tuple[float, str]:
        """Distance of the tool to the nearest face, m, negative outside; and which face."""
        if not self._names:
            return np.inf, ""
        position = self._tool_position(posture)
        left = self._normals @ position - self._offsets
        nearest = int(np.argmin(left))
        at = ", ".join(f"{x:.3f}" for x in position)
        return float(left[nearest]), f"tool at ({at}) m in the base frame, {self._names[nearest]}"


def _faces(workspace: Workspace) -> "list[tuple[str, FloatArray, float]]":
    """Name, unit normal into the workspace and offset of each face."""
    faces = []
    if workspace.box is not None:
        for axis, name in enumerate("xyz"):
            lower, upper = workspace.box.lower_m[axis], workspace.box.upper_m[axis]
            if not lower < upper:
                raise ConfigError(
                    f"workspace.box: {name} from {lower:g} to {upper:g} m leaves no room; "
                    "lower_m must be below upper_m"
                )
            normal = np.eye(3)[axis]
            faces.append((f"workspace box from {name} = {lower:g} m", normal, lower))
            faces.append((f"workspace box to {name} = {upper:g} m", -normal, -upper))
    for i, plane in enumerate(workspace.planes):
        length = float(np.linalg.norm(plane.normal))
        if length == 0.0:
            raise ConfigError(f"workspace.planes: plane {i} has the normal 0 0 0, no direction")
        normal = np.array(plane.normal) / length
        faces.append((f"workspace plane {i} at {plane.offset_m:g} m", normal, plane.offset_m))
    return faces
