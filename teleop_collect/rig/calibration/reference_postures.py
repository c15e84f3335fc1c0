"""Two postures that an arm can be held in for calibrating its zeros."""

from collections.abc import Mapping, Sequence
from typing import Literal

from teleop_collect.rig.config import Arm, JointMapping
from teleop_collect.rig.description import RobotDescription, effective_limits

STEP_RAD = 0.5
"""How far each joint is taken from the first posture to the second."""


def reference_postures(
    arm: Arm,
    description: RobotDescription,
    side: Literal["leader", "follower"],
    joints: Sequence[str],
) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """The home posture, and one in which every joint has moved clearly.

    Args:
        arm: of the rig file.
        description: its URDF.
        side: in whose joints both are given.
        joints: which of them.
    """
    limits = effective_limits(arm, description)
    first: dict[str, float] = {}
    second: dict[str, float] = {}
    for joint in arm.joints:
        home = arm.home.get(joint, 0.0)
        lower, upper = limits[joint].lower, limits[joint].upper
        step = STEP_RAD
        if description.joints[joint].type == "prismatic":
            step = (upper - lower) / 2
        other = home + step if home + step <= upper else home - step
        entry = arm.mapping.get(joint, JointMapping()) if side == "leader" else JointMapping()
        name = entry.leader_joint or joint
        for posture, value in ((first, home), (second, max(lower, other))):
            posture[name] = (value - entry.offset) / (entry.sign * entry.scale)
    # A joint of the leader that drives nothing, such as a trigger, is asked for at 0 and 0.5 rad.
    return (
        {joint: first.get(joint, 0.0) for joint in joints},
        {joint: second.get(joint, STEP_RAD) for joint in joints},
    )
