"""Joints of an arm as several checks ask for them."""

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.config import Arm, JointMapping
from teleop_collect.rig.device_validation import leader_joints


def tolerance(context: CheckContext, arm: str, joint: str) -> tuple[float, str]:
    """How far a joint may be off, and its unit."""
    if is_linear(context, arm, joint):
        return context.rig.check.joint_tolerance_m, "m"
    return context.rig.check.joint_tolerance_rad, "rad"


def is_linear(context: CheckContext, arm: str, joint: str) -> bool:
    """Whether a joint is prismatic."""
    return context.descriptions[arm].joints[joint].type == "prismatic"


def is_gripper(context: CheckContext, arm: str, joint: str) -> bool:
    """Whether a joint opens and closes a gripper: by its name, or because it slides."""
    return "gripper" in joint or "finger" in joint or is_linear(context, arm, joint)


def mapped(arm: Arm, leader: dict[str, float]) -> dict[str, float]:
    """Where a leader's joints ask the follower to be, by follower joint."""
    asked = {}
    for joint, leader_joint in leader_joints(arm).items():
        if leader_joint in leader:
            m = arm.mapping.get(joint, JointMapping())
            asked[joint] = m.sign * m.scale * leader[leader_joint] + m.offset
    return asked
