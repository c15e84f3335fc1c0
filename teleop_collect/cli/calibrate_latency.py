"""`calibrate latency`: delay of a camera behind the joints, and of joints behind their commands."""

import argparse
from typing import TYPE_CHECKING

from teleop_collect.cli.calibrate_camera import board_name
from teleop_collect.cli.calibration_run import Finding, Guide, keep, live_rig
from teleop_collect.rig.calibration.arm_model import ArmModel
from teleop_collect.rig.calibration.charuco import BoardDetector
from teleop_collect.rig.calibration.devices import (
    camera_device,
    chosen_arm,
    chosen_camera,
    device_name,
)
from teleop_collect.rig.calibration.motion_latency import camera_latency, joint_latencies
from teleop_collect.rig.calibration.samples import MotionTrace
from teleop_collect.rig.calibration.values import Latency
from teleop_collect.rig.description import descriptions_of
from teleop_collect.rig.load import LoadedRig, load_rig

if TYPE_CHECKING:
    from teleop_collect.devices.sim.calibration_sights import SightPlanner

SWING_S = 12.0
CAMERA_SWING_S = 20.0
SWING_RAD = 0.25
CAMERA_SWING_RAD = 0.08
"""So that the board stays in view."""


def run(args: argparse.Namespace) -> int:
    """Measure one camera when it is named (or the only one), else the joints of an arm."""
    loaded = load_rig(args.rig)
    arm, _ = chosen_arm(loaded.rig, args.arm)
    camera = chosen_camera(loaded.rig, args.camera)[0] if args.camera else None
    trace = _trace(loaded, arm, camera, args)
    if camera is None:
        return keep(loaded, _of_joints(loaded, arm, trace), args)
    return keep(loaded, _of_camera(loaded, arm, camera, trace, args), args)


def _trace(
    loaded: LoadedRig, arm: str, camera: str | None, args: argparse.Namespace
) -> MotionTrace:
    if args.source is not None:
        from teleop_collect.episodes.calibration_samples import motion

        return motion(args.source, loaded.rig.arms[arm], camera)
    guide = Guide(args.timeout)
    with live_rig(loaded, auto=args.auto) as rig:
        rig.wait_heard(arm)
        if camera is not None:
            rig.wait_seen(camera)
        if args.auto and camera is not None:
            sights = _sights(loaded, camera)
            rig.move(sights.arm, sights.central().joints)
            # One joint alone: the board then moves to and fro along one line.
            turning = (loaded.rig.arms[sights.arm].joints[0],)
            return rig.swing(sights.arm, turning, CAMERA_SWING_S, CAMERA_SWING_RAD, camera)
        if args.auto:
            return rig.swing(arm, (), SWING_S, SWING_RAD, None)
        guide.say(f"move the arm to and fro for {SWING_S:g} s, at changing speed")
        return rig.watch_motion(arm, min(SWING_S, guide.left_s), camera)


def _of_camera(
    loaded: LoadedRig, arm: str, camera: str, trace: MotionTrace, args: argparse.Namespace
) -> Finding:
    boards = loaded.rig.calibration.boards
    detector = None
    if args.auto and args.board is None:
        detector = BoardDetector(boards[_sights(loaded, camera).board])
    elif args.board or len(boards) == 1:
        detector = BoardDetector(boards[board_name(loaded.rig, args.board)])
    config = loaded.rig.arms[arm]
    model = ArmModel(config, descriptions_of(loaded.rig, loaded.path)[arm])
    lag = camera_latency(trace, detector, model, config.tool_frame, camera)
    device, follower = camera_device(camera), device_name(loaded.rig, arm, "follower")
    return Finding(
        device, (device, follower), Latency(camera_s=lag.lag_s),
        "cross-correlation of images with joint motion, parabola through the peak",
        len(trace.images), {"correlation": lag.correlation}, {"camera_s": lag.error_s},
    )  # fmt: skip


def _sights(loaded: LoadedRig, camera: str) -> "SightPlanner":
    from teleop_collect.devices.sim.calibration_sights import SightPlanner

    return SightPlanner(loaded.rig, loaded.path, camera)


def _of_joints(loaded: LoadedRig, arm: str, trace: MotionTrace) -> Finding:
    lags = joint_latencies(trace)
    device = device_name(loaded.rig, arm, "follower")
    return Finding(
        device, (device,), Latency(action_to_state_s={j: lag.lag_s for j, lag in lags.items()}),
        "cross-correlation of commands with measured positions, parabola through the peak",
        len(trace.measured.t_s),
        {f"{joint}_correlation": lag.correlation for joint, lag in lags.items()},
        {f"{joint}_s": lag.error_s for joint, lag in lags.items()},
    )  # fmt: skip
