"""Checks of what keeps an arm safe: workspace, collision, wrench guard, deadman, bus rates."""

from collections.abc import Iterator

from teleop_collect.rig.bus_rate import bus_rate_problems
from teleop_collect.rig.config import (
    Arm,
    DynamixelFollower,
    DynamixelLeader,
    JointDeadman,
    Plane,
    SpaceMouseLeader,
    WrenchGuard,
)
from teleop_collect.rig.problem import Key, Problem, unknown_name


def safety_problems(arm: Arm, key: Key) -> Iterator[Problem]:
    """What is wrong with the safety sections of one arm, and with the rates of its buses.

    Args:
        arm: the arm.
        key: where the arm stands in the rig file.
    """
    for side, device in (("leader", arm.leader), ("follower", arm.follower)):
        if isinstance(device, DynamixelLeader | DynamixelFollower):
            yield from bus_rate_problems(device, (*key, side))
    yield from _workspace_problems(arm, (*key, "workspace"))
    yield from _collision_problems(arm, (*key, "collision"))
    yield from _wrench_problems(arm.wrench_guard, (*key, "wrench_guard"))
    yield from _deadman_problems(arm, (*key, "deadman"))


def _workspace_problems(arm: Arm, key: Key) -> Iterator[Problem]:
    if arm.workspace is None:
        return
    box = arm.workspace.box
    if box is not None:
        for axis, lower, upper in zip("xyz", box.lower_m, box.upper_m, strict=True):
            if not lower < upper:
                text = f"{axis} from {lower:g} to {upper:g} m leaves no room"
                yield Problem((*key, "box"), text, with_value=False)
    for i, plane in enumerate(arm.workspace.planes):
        yield from _plane_problems(plane, (*key, "planes", i))


def _plane_problems(plane: Plane, key: Key) -> Iterator[Problem]:
    if not any(plane.normal):
        yield Problem((*key, "normal"), "has no direction")


def _collision_problems(arm: Arm, key: Key) -> Iterator[Problem]:
    collision = arm.collision
    for prefix in ("", "table_"):
        slow, stop = getattr(collision, f"{prefix}slow_m"), getattr(collision, f"{prefix}stop_m")
        if slow < stop:
            text = f"must be at least {prefix}stop_m ({stop:g})"
            yield Problem((*key, f"{prefix}slow_m"), text)
    if collision.table is not None:
        yield from _plane_problems(collision.table, (*key, "table"))


def _wrench_problems(guard: WrenchGuard, key: Key) -> Iterator[Problem]:
    if guard.hard_n <= guard.soft_n:
        yield Problem((*key, "hard_n"), f"must be greater than soft_n ({guard.soft_n:g})")
    if (guard.soft_nm is None) != (guard.hard_nm is None):
        yield Problem((*key, "hard_nm"), "soft_nm and hard_nm go together", with_value=False)
    elif guard.soft_nm is not None and guard.hard_nm is not None and guard.hard_nm <= guard.soft_nm:
        yield Problem((*key, "hard_nm"), f"must be greater than soft_nm ({guard.soft_nm:g})")


def _deadman_problems(arm: Arm, key: Key) -> Iterator[Problem]:
    if not isinstance(arm.deadman, JointDeadman):
        return
    if isinstance(arm.leader, SpaceMouseLeader):
        text = "a SpaceMouse has no joints; take a button (driver: joy)"
        yield Problem((*key, "driver"), text)
    elif arm.deadman.joint not in arm.leader_joints:
        text = unknown_name("leader joint", arm.leader_joints, arm.deadman.joint)
        yield Problem((*key, "joint"), text)
