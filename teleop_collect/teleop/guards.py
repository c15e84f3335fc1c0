"""The guards of an arm as its rig file asks for them, in the order in which they act."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Arm, Teleop, Workspace
from teleop_collect.rig.description import RobotDescription
from teleop_collect.samples import FloatArray
from teleop_collect.teleop.collision import CollisionLimit, PairDistance
from teleop_collect.teleop.collision_geometry import TABLE, CollisionGeometry
from teleop_collect.teleop.guard import Guard
from teleop_collect.teleop.singularity import SingularityScaling
from teleop_collect.teleop.tool_kinematics import ToolKinematics
from teleop_collect.teleop.workspace import WorkspaceLimit
from teleop_collect.teleop.wrench_guard import WrenchLimit


def arm_guards(
    arm: Arm, description: RobotDescription, teleop: Teleop
) -> tuple[list[Guard], list[str]]:
    """Workspace, self-collision, table, wrench, singularity, as far as the rig has them.

    Args:
        arm: its section of the rig file.
        description: its URDF.
        teleop: watchdog, and what a person turned off.

    Returns:
        The guards, and for each limiter that does not act its name and why.

    Raises:
        ConfigError: a section of the rig file contradicts itself or the URDF.
        MissingExtraError: pinocchio is not installed.
    """
    guards: list[Guard] = []
    off = [f"{name} (turned off in the rig file)" for name in teleop.limits_off]
    if arm.deadman is None:
        off.append("deadman (none in the rig file)")
    moving = tool_joints(arm, description)
    if "workspace" not in teleop.limits_off:
        if arm.workspace is None or arm.workspace == Workspace():
            off.append("workspace (none in the rig file)")
        else:
            guards.append(_workspace_limit(arm.workspace, arm, description, moving))
    if "collision" not in teleop.limits_off:
        guards += _collision_guards(arm, description, moving, off)
    if "wrench" not in teleop.limits_off:
        if arm.wrench is None:
            off.append("wrench (no sensor in the rig file)")
        else:
            guards.append(WrenchLimit(arm.wrench_guard, moving, teleop.watchdog))
    if "singularity" not in teleop.limits_off and arm.is_cartesian:
        guards.append(SingularityScaling(moving, _jacobian(arm, description, moving)))
    return guards, off


SERVOS = ("position", "velocity", "acceleration", "jerk", "workspace", "collision", "singularity")
"""Limits that MoveIt Servo has in their place: what this chain commands reaches no arm."""


def servo_guards(
    arm: Arm, description: RobotDescription, teleop: Teleop
) -> tuple[list[Guard], list[str]]:
    """The same of an arm behind MoveIt Servo: a wrench above its hard limit still stops it."""
    off = [f"{name} (Servo's here)" for name in SERVOS]
    off.append("tracking (the arm goes where Servo sends it)")
    if arm.deadman is None:
        off.append("deadman (none in the rig file)")
    if arm.wrench is None:
        return [], [*off, "wrench (no sensor in the rig file)"]
    if "wrench" in teleop.limits_off:
        return [], [*off, "wrench (turned off in the rig file)"]
    off.append("slowing down by wrench (Servo's here; the hard limit stops)")
    moving = tool_joints(arm, description)
    return [WrenchLimit(arm.wrench_guard, moving, teleop.watchdog)], off


def tool_joints(arm: Arm, description: RobotDescription) -> tuple[int, ...]:
    """Indices of the arm's joints that move its tool frame: all but those of a gripper."""
    by_child = {joint.child: joint for joint in description.joints.values()}
    link, names = arm.tool_frame, set()
    while link in by_child:
        names.add(by_child[link].name)
        link = by_child[link].parent
    return tuple(i for i, joint in enumerate(arm.joints) if joint in names)


def _collision_guards(
    arm: Arm, description: RobotDescription, moving: Sequence[int], off: list[str]
) -> Iterator[Guard]:
    config = arm.collision
    if "<collision" not in description.text:
        off.append("collision with itself and the table (no collision shapes in the URDF)")
        return
    geometry = CollisionGeometry(description, arm.joints, config.table)
    ignored = {frozenset(pair) for pair in config.ignore}
    unknown = {link for pair in ignored for link in pair} - {*description.links, TABLE}
    if unknown:
        raise ConfigError(f"collision.ignore: no link {', '.join(sorted(unknown))} in the URDF")
    pairs = [pair for pair in geometry.pairs() if frozenset(pair) not in ignored]
    home = [arm.home.get(joint, 0.0) for joint in arm.joints]
    every = range(len(arm.joints))
    own = _apart([p for p in pairs if TABLE not in p], geometry, home, config.slow_m)
    if own:
        distance = PairDistance(geometry, own, config.slow_m)
        yield CollisionLimit(every, moving, distance, config.slow_m, config.stop_m)
    else:
        off.append("collision with itself (no pair of links with shapes)")
    table = [pair for pair in pairs if TABLE in pair]
    if table:
        distance = PairDistance(geometry, table, config.table_slow_m)
        yield CollisionLimit(every, moving, distance, config.table_slow_m, config.table_stop_m)
    else:
        off.append("collision with the table (none in the rig file)")


def _apart(
    pairs: Sequence[tuple[str, str]],
    geometry: CollisionGeometry,
    home: Sequence[float],
    slow_m: float,
) -> list[tuple[str, str]]:
    """Pairs that are not near each other by construction, as the home posture shows."""
    return [pair for pair in pairs if PairDistance(geometry, [pair], 0.0)(home)[0] >= slow_m]


def _workspace_limit(
    workspace: Workspace, arm: Arm, description: RobotDescription, moving: Sequence[int]
) -> WorkspaceLimit:
    kinematics = ToolKinematics(description, arm.joints, arm.tool_frame)
    return WorkspaceLimit(workspace, moving, kinematics.base_tool_position, kinematics.reach)


def _jacobian(
    arm: Arm, description: RobotDescription, moving: Sequence[int]
) -> Callable[[Sequence[float]], FloatArray]:
    kinematics = ToolKinematics(description, arm.joints, arm.tool_frame)
    columns = list(moving)

    def jacobian(posture: Sequence[float]) -> FloatArray:
        return kinematics.jacobian(np.asarray(posture))[:, columns]

    return jacobian
