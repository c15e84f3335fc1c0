"""`calibrate camera`: intrinsics from a ChArUco board, live, from images or from an episode."""

import argparse
import math
from collections.abc import Iterator
from pathlib import Path

from teleop_collect.cli.calibration_run import Finding, Guide, keep, live_rig
from teleop_collect.cli.output import progress
from teleop_collect.errors import CheckFailed, ConfigError, UnreadableError
from teleop_collect.rig.calibration.camera import IntrinsicsFit, calibrate_camera
from teleop_collect.rig.calibration.charuco import BoardDetector, Image
from teleop_collect.rig.calibration.devices import camera_device, chosen_camera
from teleop_collect.rig.calibration.opencv import import_cv2
from teleop_collect.rig.calibration.pages import intrinsics_page
from teleop_collect.rig.calibration.views import ViewCollection
from teleop_collect.rig.config import Rig, SimCamera
from teleop_collect.rig.load import LoadedRig, load_rig

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
AUTO_VIEWS = 20


def run(args: argparse.Namespace) -> int:
    """Calibrate one camera."""
    loaded = load_rig(args.rig)
    name, config = chosen_camera(loaded.rig, args.camera)
    planned = isinstance(config, SimCamera) and args.auto
    detector = BoardDetector(loaded.rig.calibration.boards[_board(loaded, name, args, planned)])
    guide = Guide(args.timeout)
    if args.source is not None:
        views = ViewCollection(detector, needs_still=args.source.is_file() or _is_episode(args))
        _offer_all(views, _stored_images(args.source, name), guide)
    elif args.auto:
        views = ViewCollection(detector)
        _auto(views, loaded, name, guide)
    else:
        views = ViewCollection(detector)
        _by_hand(views, loaded, name, guide)
    if views.coverage.missing() or not views.views:
        raise CheckFailed(f"calibrate camera {name}: {views.shortfall()}")
    if views.size != (config.width, config.height):
        width, height = views.size
        raise CheckFailed(
            f"calibrate camera {name}: the images are {width}x{height}, the rig file says "
            f"{config.width}x{config.height}; intrinsics hold for one size"
        )
    fit = calibrate_camera(views.views, *views.size)
    return keep(loaded, _finding(name, fit), args)


def board_name(rig: Rig, given: str | None) -> str:
    """The board that was chosen; the only one when none was.

    Raises:
        ConfigError: no such board, or there are several and none was named.
    """
    boards = rig.calibration.boards
    if given is None and len(boards) == 1:
        return next(iter(boards))
    if given is None or given not in boards:
        said = f"has {len(boards)} boards" if given is None else f"has no board '{given}'"
        raise ConfigError(f"rig {rig.name} {said}; choose with --board: {', '.join(boards)}")
    return given


def _board(loaded: LoadedRig, camera: str, args: argparse.Namespace, planned: bool) -> str:
    if planned and args.board is None:
        from teleop_collect.devices.sim.calibration_sights import SightPlanner

        return SightPlanner(loaded.rig, loaded.path, camera).board
    return board_name(loaded.rig, args.board)


def _auto(views: ViewCollection, loaded: LoadedRig, camera: str, guide: Guide) -> None:
    from teleop_collect.devices.sim.calibration_sights import SightPlanner

    with live_rig(loaded, auto=True) as rig, progress() as bar:
        planner = SightPlanner(loaded.rig, loaded.path, camera)
        sights = planner.covering(AUTO_VIEWS)
        rig.wait_heard(planner.arm)
        rig.wait_seen(camera)
        for sight in bar.track(sights, description="views"):
            if guide.left_s <= 0:
                raise guide.went_away(views.shortfall())
            rig.move(planner.arm, sight.joints)
            for image in rig.fresh_images(camera, 3):
                feedback = views.offer(image)
                guide.say(f"{feedback.message}; {_needed(views)}")
                if feedback.kept:
                    break


def _by_hand(views: ViewCollection, loaded: LoadedRig, camera: str, guide: Guide) -> None:
    """A person moves the board, or the arm with the camera, until everything is covered."""
    with live_rig(loaded, auto=False) as rig:
        rig.wait_seen(camera)
        for image in rig.images(camera, guide.left_s):
            feedback = views.offer(image)
            guide.say(f"{feedback.message}; {_needed(views)}")
            if not views.coverage.missing():
                return
    raise guide.went_away(views.shortfall())


def _needed(views: ViewCollection) -> str:
    missing = views.coverage.missing()
    share = round(100 * views.coverage.share)
    return f"{share} % covered" + (f"; next: {missing[0]}" if missing else "")


def _offer_all(views: ViewCollection, images: Iterator[Image], guide: Guide) -> None:
    for image in images:
        guide.say(views.offer(image).message)


def _is_episode(args: argparse.Namespace) -> bool:
    return bool(args.source.suffix == ".mcap" or any(args.source.glob("*.mcap*")))


def _stored_images(source: Path, camera: str) -> Iterator[Image]:
    """Images of a folder, in order of their names, or of a camera in an episode.

    Raises:
        UnreadableError: there are none.
    """
    if source.suffix == ".mcap" or (source.is_dir() and any(source.glob("*.mcap*"))):
        from teleop_collect.episodes.calibration_samples import camera_images

        yield from (image for _, image in camera_images(source, camera))
        return
    cv2 = import_cv2()
    paths = [p for p in sorted(source.glob("*")) if p.suffix.lower() in SUFFIXES]
    if not paths:
        raise UnreadableError(f"{source}: no episode and no images ({', '.join(SUFFIXES)})")
    for path in paths:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise UnreadableError(f"{path} is not an image that can be read")
        yield cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _finding(name: str, fit: IntrinsicsFit) -> Finding:
    device = camera_device(name)
    views = fit.view_rms_px
    fx, fy, cx, cy = fit.errors
    return Finding(
        device, (device,), fit.values,
        "ChArUco board, OpenCV calibrateCamera with k1 k2 p1 p2", len(views),
        {"reprojection_rms_px": fit.rms_px, "worst_view_rms_px": max(views),
         "left_out_views": float(fit.left_out), "coverage_percent": 100 * fit.coverage.share,
         "fovy_rad": 2 * math.atan(fit.values.height / (2 * fit.values.fy))},
        {"fx_px": fx, "fy_px": fy, "cx_px": cx, "cy_px": cy},
        intrinsics_page(name, fit),
    )  # fmt: skip
