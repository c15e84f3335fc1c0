"""`calibrate wrench`: bias of a force-torque sensor, mass and centre of gravity of the tool."""

import argparse
import math
from collections.abc import Mapping, Sequence

from teleop_collect.cli.calibration_poses import samples
from teleop_collect.cli.calibration_run import Finding, Guide, keep
from teleop_collect.errors import ConfigError
from teleop_collect.rig.calibration.apply import applied_load
from teleop_collect.rig.calibration.arm_model import ArmModel
from teleop_collect.rig.calibration.arm_samples import wrench_poses
from teleop_collect.rig.calibration.devices import chosen_arm, device_name
from teleop_collect.rig.calibration.samples import StillSample
from teleop_collect.rig.calibration.store import load_calibrations
from teleop_collect.rig.calibration.tool_attitudes import tool_attitudes
from teleop_collect.rig.calibration.wrench import (
    WrenchFit,
    WrenchPose,
    calibrate_wrench,
    missing_poses,
    uncorrected,
)
from teleop_collect.rig.config import Arm
from teleop_collect.rig.description import descriptions_of
from teleop_collect.rig.load import LoadedRig, load_rig

ENOUGH_POSES = 10


def run(args: argparse.Namespace) -> int:
    """Calibrate the sensor of one arm."""
    loaded = load_rig(args.rig)
    name, arm = chosen_arm(loaded.rig, args.arm)
    if arm.wrench is None:
        raise ConfigError(f"arm {name} of rig {loaded.rig.name} has no force-torque sensor")
    description = descriptions_of(loaded.rig, loaded.path)[name]
    model = ArmModel(arm, description)

    def postures() -> Sequence[Mapping[str, float]]:
        return tool_attitudes(arm, description, model)

    guide, taken = Guide(args.timeout), list[StillSample]()
    frame = arm.wrench.frame_id
    for sample in samples(loaded, name, args, guide, wrench=True, postures=postures):
        taken.append(sample)
        missing = missing_poses(wrench_poses(taken, model, frame))
        guide.say(f"pose {len(taken)}" + (f"; {missing}" if missing else ""))
        if missing is None and len(taken) >= ENOUGH_POSES and not args.auto and not args.source:
            break
    poses = _as_measured(loaded, name, arm, wrench_poses(taken, model, frame), args)
    missing = missing_poses(poses)
    if missing is not None and args.source is None and guide.left_s <= 0:
        raise guide.went_away(missing)
    fit = calibrate_wrench(poses, frame)
    return keep(loaded, _finding(loaded, name, fit, len(poses)), args)


def _as_measured(
    loaded: LoadedRig, name: str, arm: Arm, poses: list[WrenchPose], args: argparse.Namespace
) -> list[WrenchPose]:
    """Without the correction that the simulated sensor's driver already makes."""
    load = applied_load(loaded.rig, name, load_calibrations(loaded))
    if load is None or arm.follower.driver != "sim" or args.source is not None:
        return poses
    return [uncorrected(pose, load) for pose in poses]


def _finding(loaded: LoadedRig, name: str, fit: WrenchFit, poses: int) -> Finding:
    device = device_name(loaded.rig, name, "wrench")
    residuals = {"force_rms_n": fit.rms_n, "torque_rms_nm": fit.rms_nm}
    errors = {
        "bias_force_n": fit.error_n,
        "bias_torque_nm": fit.error_nm,
        "tool_mass_kg": fit.error_kg,
        "tool_center_m": fit.error_m if math.isfinite(fit.error_m) else 0.0,
    }
    method = "least squares of bias, mass and centre of gravity over poses at rest"
    return Finding(device, (device,), fit.values, method, poses, residuals, errors)
