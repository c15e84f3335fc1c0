"""An arm that stands still in one pose after another: by itself, by hand, or in an episode."""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from teleop_collect.cli.calibration_run import Guide, live_rig
from teleop_collect.cli.output import progress
from teleop_collect.errors import ConfigError
from teleop_collect.rig.calibration.arm_samples import is_still
from teleop_collect.rig.calibration.samples import StillSample
from teleop_collect.rig.load import LoadedRig

if TYPE_CHECKING:
    from teleop_collect.nodes.calibration_rig import CalibrationRig

NEW_POSE_RAD = 0.15
"""A posture counts as new when some joint differs by this from every posture taken."""

OnRig = Callable[["CalibrationRig"], None]


def samples(
    loaded: LoadedRig,
    arm: str,
    args: argparse.Namespace,
    guide: Guide,
    *,
    camera: str | None = None,
    wrench: bool = False,
    postures: Callable[[], Sequence[Mapping[str, float]]],
    on_rig: OnRig | None = None,
) -> Iterator[StillSample]:
    """Samples of an arm in different poses; the caller stops when it has enough.

    Args:
        loaded: the rig.
        arm: name of the arm.
        args: `source`, `auto`.
        guide: for the person.
        camera: also take images of it.
        wrench: also take the wrench.
        postures: for `--auto`.
        on_rig: called once with the running rig.
    """
    if args.source is not None:
        from teleop_collect.episodes.calibration_samples import still_samples

        yield from still_samples(args.source, loaded.rig.arms[arm], camera, wrench=wrench)
        return
    with live_rig(loaded, auto=args.auto) as rig:
        rig.wait_heard(arm)
        if camera is not None:
            rig.wait_seen(camera)
        if on_rig is not None:
            on_rig(rig)
        if args.auto:
            yield from _moved(rig, arm, camera, wrench, postures(), guide)
        else:
            yield from _watched(rig, arm, camera, wrench, guide)


def _moved(
    rig: "CalibrationRig", arm: str, camera: str | None, wrench: bool,
    postures: Sequence[Mapping[str, float]], guide: Guide,
) -> Iterator[StillSample]:  # fmt: skip
    if not postures:
        raise ConfigError("there is no posture to move to")
    with progress() as bar:
        for posture in bar.track(postures, description="poses"):
            if guide.left_s <= 0:
                return
            rig.move(arm, posture)
            yield rig.still(arm, camera=camera, wrench=wrench)


def _watched(
    rig: "CalibrationRig", arm: str, camera: str | None, wrench: bool, guide: Guide
) -> Iterator[StillSample]:
    """Each new pose in which a person lets the arm rest, until the time is over."""
    taken: list[StillSample] = []
    while guide.left_s > 0:
        sample = rig.still(arm, camera=camera, wrench=wrench)
        if not is_still(sample):
            guide.say("let the arm rest for a second")
        elif any(sample.is_near(other, NEW_POSE_RAD) for other in taken):
            guide.say("move the arm to another pose")
        else:
            taken.append(sample)
            yield sample
