"""From leader samples to what came of them: latencies, from motions to commands, jitter."""

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Sample = tuple[int, int, tuple[float, ...]]
"""Stamp and reception (ns), positions."""
PROBE_NS = 500_000
"""Motions are assumed to begin at every such instant."""


def percentiles(values_ms: Sequence[float] | NDArray[np.float64], prefix: str) -> dict[str, float]:
    """p50, p99 and p99.9, in ms."""
    if len(values_ms) == 0:
        return {}
    found = np.percentile(np.asarray(values_ms), [50, 99, 99.9])
    names = ("p50", "p99", "p999")
    return {f"{prefix}_{n}_ms": round(float(v), 3) for n, v in zip(names, found, strict=True)}


def by_stamp(read_ns: dict[int, int], command: list[Sample]) -> list[tuple[int, int]]:
    """(read complete, received) of each sample that a relay passed on under its stamp."""
    return [(read_ns[stamp], got) for stamp, got, _ in command if stamp in read_ns]


def by_wish(
    read_ns: dict[int, int], leader: list[Sample], requested: list[Sample], command: list[Sample]
) -> list[tuple[int, int]]:
    """(read complete, command received): the wish carries the sample's values, and the command its
    tick's stamp. Samples whose values another one had too are left out."""
    first_joints = slice(0, -1)  # the gripper is scaled
    values = [positions[first_joints] for _, _, positions in leader]
    unique = {v: i for i, v in enumerate(values)}
    repeated = {v for i, v in enumerate(values) if unique[v] != i}
    received = {stamp: got for stamp, got, _ in command}
    pairs: dict[int, int] = {}
    for stamp, _, positions in requested:
        wish = positions[first_joints]
        index = unique.get(wish)
        if index is None or wish in repeated or stamp not in received:
            continue
        sample_stamp = leader[index][0]
        if sample_stamp in read_ns:
            pairs.setdefault(read_ns[sample_stamp], received[stamp])
    return sorted(pairs.items())


def to_write(
    commands: list[tuple[int, int]], command: list[Sample], writes: list[tuple[int, list[float]]]
) -> list[tuple[int, int]]:
    """(read complete, written) of each command that the follower's driver wrote."""
    written: dict[tuple[float, ...], int] = {}
    for write_ns, positions in writes:
        written.setdefault(tuple(positions), write_ns)
    positions_at = {got: positions for _, got, positions in command}
    return [
        (read, written[positions_at[got]])
        for read, got in commands
        if positions_at.get(got) in written
    ]


def durations_ms(pairs: list[tuple[int, int]]) -> list[float]:
    """Latency of each pair."""
    return [(after - before) / 1e6 for before, after in pairs]


def motion_ms(pairs: list[tuple[int, int]]) -> NDArray[np.float64]:
    """From a motion of the leader, at any instant, to the first command that knows of it: the wait
    for the next reading and the latency after it."""
    reads = [read for read, _ in pairs]
    if len(reads) < 2:
        return np.array([])
    instants = np.arange(reads[0], reads[-1], PROBE_NS)
    places = [bisect_left(reads, int(t)) for t in instants]
    return np.array([(pairs[i][1] - int(t)) / 1e6 for i, t in zip(places, instants, strict=True)])


def jitter(received_ns: list[int], rate_hz: float) -> dict[str, float]:
    """How the intervals between messages differ from the nominal period."""
    intervals = np.diff(np.sort(np.array(received_ns))) / 1e6
    if len(intervals) == 0:
        return {}
    off = np.abs(intervals - 1000.0 / rate_hz)
    return {
        "rate_hz": round(1000.0 / float(intervals.mean()), 1),
        "jitter_p50_ms": round(float(np.percentile(off, 50)), 3),
        "jitter_p99_ms": round(float(np.percentile(off, 99)), 3),
    }
