"""An episode put on a time grid: from streams by topic to vectors and cameras by name.

Joints become "<joint>.pos"; on a rig with several arms "<arm>_<joint>.pos". The action is what was
sent after all limits, never what was asked for.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from teleop_collect import topics
from teleop_collect.episodes.images import IMAGE_TYPES
from teleop_collect.episodes.reader import Episode
from teleop_collect.episodes.timeline import Policy, Timeline
from teleop_collect.errors import CheckFailed, ConfigError, UnreadableError
from teleop_collect.export.steps import (
    CameraSteps,
    EpisodeSource,
    EpisodeSteps,
    IntArray,
    NamedArray,
    RgbImage,
)

UNKNOWN = "unknown"
WRENCH_AXES = ("force_x", "force_y", "force_z", "torque_x", "torque_y", "torque_z")

_COLOR_TOPIC = re.compile(r"(?:^|/)cameras/([^/]+)/color/image_raw(?:/compressed)?$")
_ANY_COLOR_TOPIC = re.compile(r"(?:^|/)cameras/([^/]+)/color/image_raw(?:/\w+)?$")
_NS_PER_MS = 1e6


@dataclass(frozen=True)
class ArmTopics:
    """Streams of one arm.

    Attributes:
        label: put before joint names; empty on a rig with one arm.
        state: follower's joint states.
        action: what was sent.
        wrench: wrist wrench, or None.
    """

    label: str
    state: str
    action: str
    wrench: str | None

    def named(self, name: str) -> str:
        """A name of this arm's, unique on the rig."""
        return f"{self.label}_{name}" if self.label else name


def arms_of(episode: Episode) -> tuple[ArmTopics, ...]:
    """The arms whose follower was recorded, in order of name.

    Raises:
        UnreadableError: there is none, or the actions sent to one were not recorded.
    """
    ending = f"/{topics.FOLLOWER_JOINT_STATES}"
    prefixes = sorted(t.removesuffix(ending) for t in episode.streams if t.endswith(ending))
    if not prefixes:
        raise UnreadableError(f"{episode.episode_id}: no stream named {ending[1:]} was recorded")
    arms = []
    for prefix in prefixes:
        label = (prefix.rpartition("/")[2] or "main") if len(prefixes) > 1 else ""
        wrench = f"{prefix}/{topics.FOLLOWER_WRENCH}"
        arms.append(
            ArmTopics(
                label,
                prefix + ending,
                episode.topic(f"{prefix}/{topics.ACTION_SENT}"),
                wrench if wrench in episode.streams else None,
            )
        )
    return tuple(arms)


def cameras_of(episode: Episode) -> dict[str, str]:
    """Colour image topics by camera name.

    Raises:
        UnreadableError: a camera was recorded in a form that cannot be read.
    """
    found = {}
    for topic in sorted(episode.streams):
        is_image = episode.streams[topic].type in IMAGE_TYPES
        if (match := _COLOR_TOPIC.search(topic)) and is_image:
            found[match[1]] = topic
    for topic in sorted(episode.streams):
        if (match := _ANY_COLOR_TOPIC.search(topic)) and match[1] not in found:
            kind = episode.streams[topic].type
            raise UnreadableError(f"{episode.episode_id}: {topic} of {kind} cannot be exported")
    return found


def nominal_fps(episode: Episode) -> int:
    """The slowest camera's nominal rate, so that no step has to repeat an image; else 30.

    Raises:
        ConfigError: that rate is no whole number.
    """
    ledgers = (episode.manifest or {}).get("streams", {})
    rates = [ledgers.get(topic, {}).get("expected_hz") for topic in cameras_of(episode).values()]
    slowest = min((rate for rate in rates if isinstance(rate, int | float)), default=30.0)
    if slowest != int(slowest) or slowest < 1:
        raise ConfigError(
            f"{episode.episode_id}: the camera's nominal rate is {slowest} Hz; "
            "give a whole number with --fps"
        )
    return int(slowest)


def steps_of(
    episode: Episode, fps: int, policy: Policy, max_skew_ms: float, mcap_sha256: str
) -> EpisodeSteps:
    """One episode on a time grid. The episode must stay open while its images are read.

    Args:
        episode: the recording.
        fps: steps a second.
        policy: which sample stands for a step.
        max_skew_ms: largest distance in time between a step and a sample used for it, ms.
        mcap_sha256: hash of the recording.

    Raises:
        UnreadableError: a stream is missing or cannot be read.
        CheckFailed: a sample is further away than `max_skew_ms`, or a value is not finite.
    """
    arms, cameras = arms_of(episode), cameras_of(episode)
    used = [t for arm in arms for t in (arm.state, arm.action, arm.wrench) if t is not None]
    images = list(cameras.values())
    timeline = episode.aligned(fps, policy, [*used, *images], paced_by=images)
    for topic, skew_ns in timeline.skew_ns.items():
        _require_close(topic, skew_ns, max_skew_ms)
    state = _joined([_joints(episode, arm, arm.state, timeline) for arm in arms])
    action = _joined([_joints(episode, arm, arm.action, timeline) for arm in arms])
    if set(action.names) == set(state.names):
        action = action.ordered(state.names)
    observation = {"state": state}
    wrenches = [_wrench(episode, arm, arm.wrench, timeline) for arm in arms if arm.wrench]
    if wrenches:
        observation["wrench"] = _joined(wrenches)
    return EpisodeSteps(
        source=_source(episode, mcap_sha256),
        fps=fps,
        t_ns=timeline.t_ns,
        observation=observation,
        action=action,
        cameras={name: _camera(episode, topic, timeline) for name, topic in cameras.items()},
        skew_ns=timeline.skew_ns,
    )


def _require_close(topic: str, skew_ns: IntArray, max_skew_ms: float) -> None:
    worst = int(np.abs(skew_ns).argmax())
    worst_ms = abs(int(skew_ns[worst])) / _NS_PER_MS
    if worst_ms > max_skew_ms:
        raise CheckFailed(
            f"{topic} is {worst_ms:.1f} ms away at step {worst}, the limit is {max_skew_ms:g} ms"
        )


def _joints(episode: Episode, arm: ArmTopics, topic: str, timeline: Timeline) -> NamedArray:
    data = episode.read(topic)
    names = tuple(arm.named(f"{joint}.pos") for joint in data.names)
    return _finite(topic, NamedArray(names, data.values["position"][timeline.index[topic]]))


def _wrench(episode: Episode, arm: ArmTopics, topic: str, timeline: Timeline) -> NamedArray:
    data = episode.read(topic)
    values = np.concatenate([data.values["force_n"], data.values["torque_nm"]], axis=1)
    names = tuple(arm.named(axis) for axis in WRENCH_AXES)
    return _finite(topic, NamedArray(names, values[timeline.index[topic]]))


def _finite(topic: str, vector: NamedArray) -> NamedArray:
    bad = np.argwhere(~np.isfinite(vector.values))
    if len(bad):
        step, column = bad[0]
        value = vector.values[step, column]
        raise CheckFailed(f"{topic}: {vector.names[column]} is {value} at step {step}")
    return vector


def _joined(parts: list[NamedArray]) -> NamedArray:
    names = tuple(name for part in parts for name in part.names)
    return NamedArray(names, np.concatenate([part.values for part in parts], axis=1))


def _camera(episode: Episode, topic: str, timeline: Timeline) -> CameraSteps:
    index = timeline.index[topic]
    height, width = episode.image(topic, int(index[0])).shape[:2]
    used = np.unique(index)
    return CameraSteps(
        topic=topic,
        width=width,
        height=height,
        repeated=int((np.diff(index) == 0).sum()),
        unused=int(used[-1] - used[0] + 1 - len(used)),
        images=lambda: _images(episode, topic, index),
    )


def _images(episode: Episode, topic: str, index: IntArray) -> Iterator[RgbImage]:
    """One image a step: a single pass over the file, but for images that were written late."""
    stream = enumerate(image for _, _, image in episode.iter_images(topic))
    position, image = next(stream)
    for wanted in index:
        if wanted < position:
            yield episode.image(topic, int(wanted))
            continue
        while position < wanted:
            position, image = next(stream)
        yield image


def _source(episode: Episode, mcap_sha256: str) -> EpisodeSource:
    manifest: Mapping[str, Any] = episode.manifest or {}
    task: Mapping[str, Any] = manifest.get("task") or {}
    return EpisodeSource(
        episode_id=episode.episode_id,
        embodiment=str(manifest.get("embodiment") or UNKNOWN),
        task_id=str(task.get("task_id") or UNKNOWN),
        instruction=str(task.get("instruction") or UNKNOWN),
        success=episode.effective_label,
        license=str(manifest.get("license") or UNKNOWN),
        mcap_sha256=mcap_sha256,
    )
