"""Where what carries a camera is, seen from what carries the board."""

import numpy as np

from teleop_collect import topics
from teleop_collect.errors import TeleopCollectError
from teleop_collect.rig.calibration.arm_model import ArmModel
from teleop_collect.rig.calibration.rigid import inverse
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.samples import FloatArray


def parent_from_parent(context: CheckContext, board: str, camera: str) -> FloatArray | None:
    """4x4 pose of a camera's parent in the board's parent; None where it is not known.

    Args:
        context: with the joints as measured.
        board: what the board hangs on, `world` or `ARM/LINK`.
        camera: what the camera hangs on.
    """
    if board == camera:
        return np.eye(4)
    try:
        poses = [_world_from(context, place) for place in (board, camera)]
    except TeleopCollectError:
        return None
    world_from_board, world_from_camera = poses
    if world_from_board is None or world_from_camera is None:
        return None
    return inverse(world_from_board) @ world_from_camera


def _world_from(context: CheckContext, place: str) -> FloatArray | None:
    """4x4 pose of `world` or of a link at the measured joints."""
    if place == "world":
        return np.eye(4)
    name, _, link = place.partition("/")
    if name not in context.rig.arms:
        return None
    arm = context.rig.arms[name]
    joints = context.joints(arm, topics.FOLLOWER_JOINT_STATES)
    if joints is None:
        return None
    return ArmModel(arm, context.descriptions[name]).world_from_link(link, joints.by_name())
