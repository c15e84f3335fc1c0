"""`calibrate hand-eye`: where a camera sits, on a link of the arm or beside it."""

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from teleop_collect.cli.calibrate_camera import board_name
from teleop_collect.cli.calibration_poses import samples
from teleop_collect.cli.calibration_run import Finding, Guide, keep
from teleop_collect.errors import CheckFailed, ConfigError
from teleop_collect.rig.calibration.arm_model import ArmModel
from teleop_collect.rig.calibration.arm_samples import arm_view
from teleop_collect.rig.calibration.board_pose import CameraModel
from teleop_collect.rig.calibration.charuco import BoardDetector
from teleop_collect.rig.calibration.devices import (
    camera_device,
    chosen_arm,
    chosen_camera,
    device_name,
)
from teleop_collect.rig.calibration.hand_eye import (
    ArmView,
    HandEyeFit,
    Mode,
    calibrate_hand_eye,
    missing_poses,
)
from teleop_collect.rig.calibration.pages import hand_eye_page
from teleop_collect.rig.calibration.rigid import distance, from_mount, to_rigid
from teleop_collect.rig.calibration.rotations import next_turn
from teleop_collect.rig.calibration.store import load_calibrations
from teleop_collect.rig.calibration.values import Board, CameraIntrinsics, HandEye
from teleop_collect.rig.config import Rig
from teleop_collect.rig.description import descriptions_of
from teleop_collect.rig.load import LoadedRig, load_rig

AUTO_POSES = 14
ENOUGH_POSES = 12
WORLD = "world"


@dataclass(frozen=True)
class Setup:
    """What hangs where.

    Attributes:
        mode: whether the camera or the board moves.
        arm: that moves it.
        link: that carries it.
        board_name: of the rig file.
        board: its description.
    """

    mode: Mode
    arm: str
    link: str
    board_name: str
    board: Board

    @property
    def carried(self) -> str:
        """The link, as a mount's parent."""
        return f"{self.arm}/{self.link}"

    @property
    def what(self) -> str:
        """What is turned."""
        return "the camera" if self.mode == "eye_in_hand" else "the board"


def run(args: argparse.Namespace) -> int:
    """Calibrate where one camera sits."""
    loaded = load_rig(args.rig)
    name, _ = chosen_camera(loaded.rig, args.camera)
    setup = _setup(loaded, name, args)
    description = descriptions_of(loaded.rig, loaded.path)[setup.arm]
    model = ArmModel(loaded.rig.arms[setup.arm], description)
    guide, known = Guide(args.timeout), _known_intrinsics(loaded, name)
    published: list[CameraIntrinsics] = []
    views = _views(loaded, name, setup, model, args, guide, published)
    values = known or (published[0] if published else None)
    if values is None:
        raise ConfigError(
            f"camera {name} has no calibrated intrinsics; run teleop-collect calibrate camera first"
        )
    fit = calibrate_hand_eye(views, CameraModel.of(values), setup.mode)
    return keep(loaded, _finding(loaded, name, setup, fit, len(views)), args)


def _views(
    loaded: LoadedRig, name: str, setup: Setup, model: ArmModel, args: argparse.Namespace,
    guide: Guide, published: list[CameraIntrinsics],
) -> list[ArmView]:  # fmt: skip
    """Poses that suffice, or all there are.

    Raises:
        CheckFailed: a person went away before there were enough.
    """
    detector, views, poses = BoardDetector(setup.board), list[ArmView](), 0
    for sample in samples(
        loaded, setup.arm, args, guide, camera=name,
        postures=lambda: _postures(loaded, name),
        on_rig=lambda rig: published.append(rig.intrinsics(name)),
    ):  # fmt: skip
        poses += 1
        view = arm_view(sample, model, setup.link, detector)
        if view is None:
            guide.say(f"pose {poses}: no board in view")
            continue
        views.append(view)
        links = [v.world_from_link for v in views]
        missing = missing_poses(links, setup.what)
        guide.say(f"pose {len(views)} kept; {missing or 'enough'}; {next_turn(links, setup.what)}")
        if missing is None and len(views) >= ENOUGH_POSES and not args.auto and not args.source:
            return views
    if not views:
        raise CheckFailed(
            f"calibrate hand-eye: no board in view in any of {poses} poses; show board "
            f"{setup.board_name} to camera {name}"
        )
    missing = missing_poses([v.world_from_link for v in views], setup.what)
    if missing is not None and args.source is None and guide.left_s <= 0:
        raise guide.went_away(missing)
    return views


def _setup(loaded: LoadedRig, camera: str, args: argparse.Namespace) -> Setup:
    rig, parent = loaded.rig, loaded.rig.cameras[camera].mount.parent
    boards = rig.calibration.boards
    mounts = {} if rig.sim is None else rig.sim.boards
    if parent != WORLD:
        arm, _, link = parent.partition("/")
        standing = next((b for b, m in mounts.items() if m.parent == WORLD), None)
        chosen = board_name(rig, args.board or standing)
        return Setup("eye_in_hand", arm, link, chosen, boards[chosen])
    hanging = next((b for b, m in mounts.items() if m.parent != WORLD), None)
    chosen = board_name(rig, args.board or hanging)
    arm, link = _board_link(rig, chosen, args)
    return Setup("eye_to_hand", arm, link, chosen, boards[chosen])


def _board_link(rig: Rig, board: str, args: argparse.Namespace) -> tuple[str, str]:
    """What carries the board: in simulation as it says there, else the arm's tool frame."""
    mount = None if rig.sim is None else rig.sim.boards.get(board)
    if mount is not None and mount.parent != WORLD:
        arm, _, link = mount.parent.partition("/")
        return arm, link
    name, arm_config = chosen_arm(rig, args.arm)
    return name, arm_config.tool_frame


def _known_intrinsics(loaded: LoadedRig, camera: str) -> CameraIntrinsics | None:
    found = load_calibrations(loaded).get("camera", camera_device(camera))
    return found.values if found and isinstance(found.values, CameraIntrinsics) else None


def _postures(loaded: LoadedRig, camera: str) -> Sequence[Mapping[str, float]]:
    from teleop_collect.devices.sim.calibration_sights import SightPlanner

    planner = SightPlanner(loaded.rig, loaded.path, camera)
    return [sight.joints for sight in planner.informative(AUTO_POSES)]


def _finding(loaded: LoadedRig, camera: str, setup: Setup, fit: HandEyeFit, poses: int) -> Finding:
    in_hand = setup.mode == "eye_in_hand"
    values = HandEye(
        mode=setup.mode,
        parent=setup.carried if in_hand else WORLD,
        parent_from_camera=to_rigid(fit.parent_from_camera),
        board=setup.board,
        board_parent=WORLD if in_hand else setup.carried,
        board_parent_from_board=to_rigid(fit.board_parent_from_board),
    )
    device = camera_device(camera)
    moved_m, turned_rad = distance(
        from_mount(loaded.rig.cameras[camera].mount), fit.parent_from_camera
    )
    residuals = {
        "reprojection_rms_px": fit.rms_px,
        "held_out_rms_px": fit.held_out_px,
        "held_out_max_mm": 1e3 * fit.held_out_m,
        "held_out_max_deg": math.degrees(fit.held_out_rad),
        "solvers_differ_mm": 1e3 * fit.solvers_m,
        "solvers_differ_deg": math.degrees(fit.solvers_rad),
        "from_rig_file_mm": 1e3 * moved_m,
        "from_rig_file_deg": math.degrees(turned_rad),
        "worst_pose_rms_px": float(np.max(fit.pose_px)),
    }
    errors = {"position_m": fit.error_m, "direction_rad": fit.error_rad}
    follower = device_name(loaded.rig, setup.arm, "follower")
    method = f"{setup.mode}: Park-Martin and Daniilidis compared, then all corners fitted"
    return Finding(
        device, (device, follower), values, method, poses, residuals, errors,
        hand_eye_page(camera, fit),
    )  # fmt: skip
