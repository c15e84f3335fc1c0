"""Did a camera repeat an image while the robot moved?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.streams import Int64Array
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity
from teleop_collect.qa.images import ImageFacts
from teleop_collect.qa.motion import clean
from teleop_collect.samples import FloatArray

FROZEN_S = 0.5
MIN_MOTION = 0.1
"""rad or m that some joint must move meanwhile; a resting scene may well look the same twice."""


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Runs of images that are equal byte for byte while some joint moves.

    For a camera on an arm, a joint of that arm: another arm may move out of its sight.
    """
    moves = {
        arm.prefix: clean(data)
        for arm in evidence.arms
        if arm.follower and (data := evidence.read(arm.follower)) is not None
    }
    for topic, facts in evidence.images.items():
        if len(facts.same_as_before) < 2:
            continue
        yield Measure("repeated_share", float(facts.same_as_before[1:].mean()), "1", topic)
        stamps = evidence.times(topic).stamp_ns
        carrier = evidence.carrier(topic)
        seen = [moves[carrier]] if carrier in moves else list(moves.values())
        frozen = [
            (begin, end)
            for begin, end in _runs(facts, stamps)
            if end - begin >= FROZEN_S * NS_PER_S and _moved(seen, begin, end) > MIN_MOTION
        ]
        yield Measure("frozen_s", sum(end - begin for begin, end in frozen) / NS_PER_S, "s", topic)
        for begin, end in frozen:
            length_s = (end - begin) / NS_PER_S
            yield Remark(
                Severity.FAIL,
                f"one image is repeated for {length_s:.2f} s while the robot moves (limit "
                f"{FROZEN_S:g} s)",
                topic,
                evidence.t_s(begin),
                length_s,
                FROZEN_S,
                "s",
            )


def _runs(facts: ImageFacts, stamps: Int64Array) -> Iterator[tuple[int, int]]:
    """First and last stamp of each run of equal images."""
    same = facts.same_as_before[: len(stamps)].astype(np.int8)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], same, [0]])))
    for first, following in edges.reshape(-1, 2):
        yield int(stamps[first - 1]), int(stamps[following - 1])


def _moved(moves: list[tuple[Int64Array, FloatArray]], begin: int, end: int) -> float:
    """Largest movement of any joint between two moments."""
    largest = 0.0
    for stamps, position in moves:
        inside = position[(stamps >= begin) & (stamps <= end)]
        if len(inside):
            largest = max(largest, float(np.ptp(inside, axis=0).max(initial=0.0)))
    return largest


def moved_between(moves: list[tuple[Int64Array, FloatArray]], stamps: Int64Array) -> FloatArray:
    """Largest movement of any joint from each stamp to the next, shape (N - 1,)."""
    largest = np.zeros(max(len(stamps) - 1, 0))
    for at_ns, position in moves:
        if len(at_ns) < 2:
            continue
        for column in position.T:
            largest = np.maximum(largest, np.abs(np.diff(np.interp(stamps, at_ns, column))))
    return largest


CHECK = Check(
    "frozen_images",
    1,
    Layer.TECHNICAL,
    "at least 0.5 s of equal images (rda video_freeze), gated by joint motion",
    run,
    limits=(
        Limit("one image repeated while a joint moves", FROZEN_S, "s", Severity.FAIL),
        Limit("motion meanwhile, at least", MIN_MOTION, "rad or m", Severity.FAIL),
    ),
)
