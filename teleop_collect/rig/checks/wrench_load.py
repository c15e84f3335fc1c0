"""What a force-torque sensor shows at rest beyond what its calibration explains."""

from collections.abc import Mapping

import numpy as np

from teleop_collect.rig.calibration.arm_model import ArmModel
from teleop_collect.rig.calibration.devices import device_name
from teleop_collect.rig.calibration.values import WrenchLoad
from teleop_collect.rig.calibration.wrench import expected_wrench
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.samples import FloatArray


def unexplained_n(
    context: CheckContext,
    arm: str,
    force_n: tuple[float, float, float],
    joints: Mapping[str, float],
) -> FloatArray:
    """Force, N, shape (3,), without the bias and tool weight that calibration found.

    Args:
        context: of the rig.
        arm: name of the arm.
        force_n: as published, in the sensor's axes.
        joints: measured positions at that moment, rad or m.

    Raises:
        ConfigError: the sensor's frame is not in the URDF.
        MissingExtraError: pinocchio is not installed.
    """
    section = context.rig.arms[arm]
    load = _load(context, arm)
    if load is None or section.wrench is None:
        return np.array(force_n)
    model = ArmModel(section, context.descriptions[arm])
    expected, _ = expected_wrench(model.gravity_in(section.wrench.frame_id, joints), load)
    return np.array(force_n) - expected


def _load(context: CheckContext, arm: str) -> WrenchLoad | None:
    """The calibration of what still stands in the readings; None where a driver takes it out."""
    rig = context.rig
    if "wrench" in rig.calibration.apply and rig.arms[arm].follower.driver == "sim":
        return None
    if context.calibrations is None:
        return None
    found = context.calibrations.get("wrench", device_name(rig, arm, "wrench"))
    return found.values if found and isinstance(found.values, WrenchLoad) else None
