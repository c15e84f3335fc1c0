"""Whether a task has worked, from the poses of this moment alone."""

from collections.abc import Mapping

import numpy as np

from teleop_collect.episodes.predicates.geometry import ROUNDING_M, depth_inside, is_rigid
from teleop_collect.rig.config import ObjectInBox
from teleop_collect.samples import Pose


def evaluate(success: ObjectInBox, poses: Mapping[str, Pose]) -> bool | None:
    """Whether the object's centre lies in the box (its faces included).

    Args:
        success: the predicate.
        poses: `world_from_object` by object name, all in one frame.

    Returns:
        None when a needed pose is missing or not a finite rigid transform.
    """
    pose = poses.get(success.object)
    carrier = None if success.relative_to is None else poses.get(success.relative_to)
    if pose is None or not is_rigid(pose):
        return None
    if success.relative_to is not None and (carrier is None or not is_rigid(carrier)):
        return None
    return depth_inside(success, carrier, np.array(pose.position_m)) >= -ROUNDING_M
