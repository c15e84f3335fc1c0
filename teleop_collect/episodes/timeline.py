"""The one place that resamples: streams of different rates on one time grid.

No sample is invented or interpolated: a step of the grid points at a message of each stream, and
the time between the two is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.streams import Int64Array
from teleop_collect.errors import ConfigError, UnreadableError

Policy = Literal["latest", "nearest"]
MAX_STEPS = 10_000_000


@dataclass(frozen=True)
class Timeline:
    """Steps of a fixed rate and the message of each stream that stands for each step.

    Attributes:
        fps: steps a second.
        policy: how messages were chosen.
        t_ns: time of each step, ns since the Unix epoch, shape (N,).
        index: for each topic, positions in file order of the chosen messages, shape (N,).
        skew_ns: for each topic, sensor time of the chosen message minus time of the step, ns,
            shape (N,); never positive under `latest`.
    """

    fps: float
    policy: Policy
    t_ns: Int64Array
    index: Mapping[str, Int64Array]
    skew_ns: Mapping[str, Int64Array]

    def __len__(self) -> int:
        return len(self.t_ns)


def align(
    stamps_ns: Mapping[str, Int64Array], fps: float, policy: Policy, paced_by: Sequence[str] = ()
) -> Timeline:
    """Put streams on one grid, from when all have a sample until the first of them ends.

    Args:
        stamps_ns: sensor times of each topic in file order, each shape (messages,). Zero means
            that the stamp was never set; such a message is not used.
        fps: steps a second.
        policy: `latest` takes the newest message at or before the step (what a policy running on
            the robot would have had); `nearest` the closest one on either side.
        paced_by: topics with about one message a step, such as cameras. The grid then begins up
            to one step later, where jitter does not make such a stream repeat or skip messages.

    Raises:
        ConfigError: rate or policy is not usable.
        UnreadableError: a stream has no stamped message, or the streams do not overlap.
    """
    if not (0 < fps <= 10_000):
        raise ConfigError(f"fps is {fps}; it must be over 0 and at most 10000")
    if policy not in ("latest", "nearest"):
        raise ConfigError(f"policy is {policy!r}; it must be latest or nearest")
    if not stamps_ns:
        raise UnreadableError("there are no streams to align")
    ordered = {topic: _ordered(topic, stamps) for topic, stamps in stamps_ns.items()}
    pacing = [ordered[topic][0] for topic in paced_by]
    t_ns = _grid(ordered, fps, policy, pacing)
    index: dict[str, Int64Array] = {}
    skew_ns: dict[str, Int64Array] = {}
    for topic, (stamps, positions) in ordered.items():
        chosen = _latest(stamps, t_ns) if policy == "latest" else _nearest(stamps, t_ns)
        index[topic] = positions[chosen]
        skew_ns[topic] = stamps[chosen] - t_ns
    return Timeline(fps, policy, t_ns, index, skew_ns)


def _ordered(topic: str, stamps_ns: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Set stamps in rising order, and their positions in the file."""
    set_positions = np.flatnonzero(stamps_ns > 0)
    if not len(set_positions):
        raise UnreadableError(f"{topic} has no message with a time stamp")
    positions = set_positions[np.argsort(stamps_ns[set_positions], kind="stable")]
    return stamps_ns[positions], positions.astype(np.int64)


def _grid(
    ordered: Mapping[str, tuple[Int64Array, Int64Array]],
    fps: float,
    policy: Policy,
    pacing: Sequence[Int64Array],
) -> Int64Array:
    first = max(ordered, key=lambda topic: int(ordered[topic][0][0]))
    last = min(ordered, key=lambda topic: int(ordered[topic][0][-1]))
    start_ns, end_ns = int(ordered[first][0][0]), int(ordered[last][0][-1])
    if end_ns < start_ns:
        raise UnreadableError(
            f"{last} ends {(start_ns - end_ns) / 1e6:.1f} ms before {first} begins; "
            "these streams have no time in common"
        )
    if pacing:
        later_ns = _later_ns([stamps - start_ns for stamps in pacing], NS_PER_S / fps, policy)
        start_ns = min(start_ns + later_ns, end_ns)
    count = int((end_ns - start_ns) * fps / NS_PER_S) + 2
    if count > MAX_STEPS:
        raise UnreadableError(f"{count} steps are over the limit of {MAX_STEPS}")
    grid: Int64Array = start_ns + np.rint(np.arange(count) * (NS_PER_S / fps)).astype(np.int64)
    return grid[grid <= end_ns]


def _later_ns(pacing_ns: Sequence[Int64Array], period_ns: float, policy: Policy) -> int:
    """How much later the grid begins so that the choice of messages is furthest from changing.

    The chosen message changes over where a step passes a stamp (`latest`) or the middle between
    two stamps (`nearest`). Stamps of a stream gather at one phase of the period, their circular
    mean; the widest gap between the phases of all streams keeps most distance from any.
    """
    phases = np.sort([_circular_mean(stamps, period_ns) for stamps in pacing_ns])
    gaps = np.diff(np.append(phases, phases[0] + period_ns))
    widest = int(gaps.argmax())
    middle = phases[widest] + gaps[widest] / 2
    phase = middle if policy == "latest" else middle + period_ns / 2
    return round(float(phase % period_ns))


def _circular_mean(stamps_ns: Int64Array, period_ns: float) -> float:
    turns = np.exp(2j * np.pi * (stamps_ns % period_ns) / period_ns)
    return float(np.angle(turns.mean()) / (2 * np.pi) * period_ns % period_ns)


def _latest(stamps_ns: Int64Array, t_ns: Int64Array) -> Int64Array:
    return np.searchsorted(stamps_ns, t_ns, side="right").astype(np.int64) - 1


def _nearest(stamps_ns: Int64Array, t_ns: Int64Array) -> Int64Array:
    after = np.clip(np.searchsorted(stamps_ns, t_ns), 1, max(len(stamps_ns) - 1, 1))
    after = np.minimum(after, len(stamps_ns) - 1)
    before = np.maximum(after - 1, 0)
    closer_before = t_ns - stamps_ns[before] <= stamps_ns[after] - t_ns
    return np.where(closer_before, before, after).astype(np.int64)
