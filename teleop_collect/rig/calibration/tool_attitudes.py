"""Postures in which gravity acts on a tool from many sides."""

from collections.abc import Mapping

import numpy as np

from teleop_collect.rig.calibration.arm_model import ArmModel
from teleop_collect.rig.config import Arm
from teleop_collect.rig.description import RobotDescription, effective_limits
from teleop_collect.samples import FloatArray

COUNT = 12
TRIES = 400
LAST_JOINTS = 3
MARGIN_RAD = 0.1
CLEARANCE_M = 0.12


def tool_attitudes(
    arm: Arm, description: RobotDescription, model: ArmModel
) -> list[Mapping[str, float]]:
    """The home posture with the last revolute joints turned, spread over gravity's directions.

    Args:
        arm: of the rig file.
        description: its URDF.
        model: its kinematics; the tool stays above the height of the base.
    """
    limits = effective_limits(arm, description)
    turning = [j for j in arm.joints if description.joints[j].type != "prismatic"][-LAST_JOINTS:]
    home = {joint: arm.home.get(joint, 0.0) for joint in arm.joints}
    rng = np.random.default_rng(7)
    found: list[tuple[Mapping[str, float], FloatArray]] = []
    for _ in range(TRIES):
        posture = dict(home)
        for joint in turning:
            low, high = limits[joint].lower + MARGIN_RAD, limits[joint].upper - MARGIN_RAD
            posture[joint] = float(np.clip(rng.uniform(-1.6, 1.6) + home[joint], low, high))
        if model.world_from_link(arm.tool_frame, posture)[2, 3] > CLEARANCE_M:
            found.append((posture, model.gravity_in(arm.tool_frame, posture)))
    chosen = found[:1]
    while len(chosen) < min(COUNT, len(found)):
        # The next one is farthest from all that are chosen.
        apart = [min(float(np.linalg.norm(g - c)) for _, c in chosen) for _, g in found]
        chosen.append(found[int(np.argmax(apart))])
    return [posture for posture, _ in chosen]
