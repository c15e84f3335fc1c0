"""What a calibration can take from a recorded episode: images, and an arm still or moving."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from teleop_collect import topics
from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.reader import Episode, open_episode
from teleop_collect.errors import UnreadableError
from teleop_collect.rig.calibration.charuco import Image
from teleop_collect.rig.calibration.samples import JointTrace, MotionTrace, StillSample
from teleop_collect.rig.config import Arm
from teleop_collect.samples import FloatArray

STILL_S = 0.4


def camera_images(source: Path, camera: str) -> Iterator[tuple[float, Image]]:
    """Sensor time, s, and pixels of each colour image of a camera, in order.

    Raises:
        UnreadableError: the episode has no such images.
    """
    with open_episode(source) as episode:
        yield from _images(episode, camera)


def still_samples(
    source: Path, arm: Arm, camera: str | None, *, wrench: bool
) -> Iterator[StillSample]:
    """The arm in every stretch of the episode in which it stands still.

    Args:
        source: the episode.
        arm: whose joints.
        camera: also give the image nearest to the middle of each stretch.
        wrench: also give the mean wrench.

    Raises:
        UnreadableError: the episode lacks the joints, the images or the wrench.
    """
    with open_episode(source) as episode:
        joints = _trace(episode, topics.arm_topic(arm.prefix, topics.FOLLOWER_JOINT_STATES))
        images = iter(_images(episode, camera)) if camera is not None else None
        t_s, forces = _wrench(episode, arm) if wrench else (np.empty(0), np.empty((0, 6)))
        for window in joints.still_windows(STILL_S):
            begin, end = float(joints.t_s[window][0]), float(joints.t_s[window][-1])
            image = _image_within(images, begin, end) if images is not None else None
            mean = {j: float(v[window].mean()) for j, v in joints.positions.items()}
            noise = {j: float(v[window].std()) for j, v in joints.positions.items()}
            inside = forces[(t_s >= begin) & (t_s <= end)]
            if not len(inside):
                yield StillSample(mean, noise, image)
                continue
            force, torque = inside[:, :3], inside[:, 3:]
            worst = float(force.std(axis=0).max())
            yield StillSample(mean, noise, image, force.mean(axis=0), torque.mean(axis=0), worst)


def motion(source: Path, arm: Arm, camera: str | None) -> MotionTrace:
    """The whole episode: what the arm was told, what it did, what a camera saw.

    Raises:
        UnreadableError: the episode lacks the joints or the images.
    """
    with open_episode(source) as episode:
        measured = _trace(episode, topics.arm_topic(arm.prefix, topics.FOLLOWER_JOINT_STATES))
        action = topics.arm_topic(arm.prefix, topics.ACTION_SENT)
        sent = _trace(episode, action) if _has(episode, action) else None
        images = tuple(_images(episode, camera)) if camera is not None else ()
        return MotionTrace(measured, sent, images)


def _has(episode: Episode, topic: str) -> bool:
    return any(name.lstrip("/") == topic.lstrip("/") for name in episode.streams)


def _images(episode: Episode, camera: str) -> Iterator[tuple[float, Image]]:
    color = topics.color_topic(camera)
    found = next((t for t in (color, topics.compressed(color)) if _has(episode, t)), None)
    if found is None:
        raise UnreadableError(f"{episode.episode_id} has no colour images of camera {camera}")
    for stamp_ns, _, pixels in episode.iter_images(found):
        yield stamp_ns / NS_PER_S, pixels


def _image_within(
    images: Iterator[tuple[float, Image]], begin_s: float, end_s: float
) -> Image | None:
    """The first image of the second half of a stretch, when the camera has come to rest too."""
    for t_s, image in images:
        if t_s > end_s:
            return None
        if t_s >= (begin_s + end_s) / 2:
            return image.copy()
    return None


def _trace(episode: Episode, topic: str) -> JointTrace:
    if not _has(episode, topic):
        raise UnreadableError(f"{episode.episode_id} has no stream {topic}")
    data = episode.read(topic)
    positions = data.values["position"]
    order = np.argsort(data.times.stamp_ns, kind="stable")
    columns = {name: positions[order, index] for index, name in enumerate(data.names)}
    return JointTrace(data.times.stamp_ns[order] / NS_PER_S, columns)


def _wrench(episode: Episode, arm: Arm) -> tuple[FloatArray, FloatArray]:
    topic = topics.arm_topic(arm.prefix, topics.FOLLOWER_WRENCH)
    if not _has(episode, topic):
        raise UnreadableError(f"{episode.episode_id} has no stream {topic}")
    data = episode.read(topic)
    values = np.hstack([data.values["force_n"], data.values["torque_nm"]])
    return data.times.stamp_ns / NS_PER_S, values
