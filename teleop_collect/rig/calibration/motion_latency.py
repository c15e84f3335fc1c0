"""Latencies from an arm that moves: of a camera against its joints, and of its joints themselves.

In images the board tells the motion where it is seen in most of them; else the change between
images does, which is compared with the arm's speed.
"""

import itertools

import numpy as np

from teleop_collect.errors import CheckFailed
from teleop_collect.rig.calibration.arm_model import ArmModel
from teleop_collect.rig.calibration.charuco import BoardDetector, BoardView, Image
from teleop_collect.rig.calibration.latency import Lag, Signal, find_lag, swing
from teleop_collect.rig.calibration.samples import JointTrace, MotionTrace
from teleop_collect.samples import FloatArray

MIN_TRAVEL_RAD = 0.1
MIN_SEEN_SHARE = 0.8
MIN_IMAGES = 40
SHRINK = 4
"""Every fourth pixel tells the change between two images."""


def camera_latency(
    trace: MotionTrace, detector: BoardDetector | None, model: ArmModel, link: str, camera: str
) -> Lag:
    """How much later a motion shows in images than in the joints.

    Args:
        trace: joints and images of a moving arm.
        detector: of a board that moves in the image; None to go by the change of images alone.
        model: kinematics of the arm.
        link: that moves most in the image, such as the tool frame.
        camera: its name, for messages.

    Raises:
        CheckFailed: too few images or too little motion.
    """
    if len(trace.images) < MIN_IMAGES:
        raise CheckFailed(
            f"latency of camera {camera}: {len(trace.images)} images; {MIN_IMAGES} are needed"
        )
    views = [] if detector is None else [(t, detector.detect(image)) for t, image in trace.images]
    seen = [(t, view) for t, view in views if view is not None]
    what = f"camera {camera}"
    if len(seen) >= MIN_SEEN_SHARE * len(trace.images):
        return find_lag(_joint_swing(trace.measured), _board_swing(seen), what)
    return find_lag(_speed(trace.measured, model, link), _image_change(trace.images), what)


def joint_latencies(trace: MotionTrace) -> dict[str, Lag]:
    """How much later each joint does what it was told; only joints that moved.

    Raises:
        CheckFailed: nothing was sent, or no joint moved enough.
    """
    if trace.sent is None:
        raise CheckFailed("latency of joints: no commands were heard; engage teleoperation")
    moved = [j for j, values in trace.sent.positions.items() if np.ptp(values) >= MIN_TRAVEL_RAD]
    if not moved:
        raise CheckFailed(
            f"latency of joints: no joint was told to move by {MIN_TRAVEL_RAD:g} rad or more"
        )
    return {
        joint: find_lag(trace.sent.signal(joint), trace.measured.signal(joint), joint)
        for joint in moved
        if joint in trace.measured.positions
    }


def _joint_swing(trace: JointTrace) -> Signal:
    return Signal(trace.t_s, swing(np.stack(list(trace.positions.values()), axis=1)))


def _speed(trace: JointTrace, model: ArmModel, link: str) -> Signal:
    """Speed of a link's origin, m/s."""
    names = tuple(trace.positions)
    rows = np.stack([trace.positions[name] for name in names], axis=1)
    places = np.array(
        [
            model.world_from_link(link, dict(zip(names, row, strict=True)))[:3, 3]
            for row in rows.tolist()
        ]
    )
    changes = [Signal(trace.t_s, places[:, axis]).changes() for axis in range(3)]
    speed: FloatArray = np.sqrt(sum(change.values**2 for change in changes))
    return Signal(changes[0].t_s, _smoothed(speed))


def _smoothed(values: FloatArray) -> FloatArray:
    """A symmetric mean over five samples: no delay of its own."""
    padded = np.pad(values, 2, mode="edge")
    return np.convolve(padded, np.full(5, 0.2), mode="valid")


def _board_swing(seen: list[tuple[float, BoardView]]) -> Signal:
    """Place of the corners that every image shows, along the direction in which it varies most."""
    common = set(seen[0][1].ids.tolist())
    for _, view in seen[1:]:
        common &= set(view.ids.tolist())
    # A corner that is seen only sometimes would make the mean jump.
    kept = np.array(sorted(common or {int(i) for _, view in seen for i in view.ids}))
    places = [view.corners_px[np.isin(view.ids, kept)].mean(axis=0) for _, view in seen]
    return Signal(np.array([t for t, _ in seen]), swing(np.array(places)))


def _image_change(images: tuple[tuple[float, Image], ...]) -> Signal:
    """Mean change of pixels a second, at the middles between images."""
    t_s = np.array([t for t, _ in images])
    small = [image[::SHRINK, ::SHRINK].astype(np.float32) for _, image in images]
    change = [np.abs(b - a).mean() for a, b in itertools.pairwise(small)]
    middle = (t_s[1:] + t_s[:-1]) / 2
    return Signal(middle, np.array(change, dtype=float) / np.diff(t_s))
