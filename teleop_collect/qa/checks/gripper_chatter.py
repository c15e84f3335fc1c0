"""Does the gripper open and close in quick turn?"""

import re
from collections.abc import Iterator

import numpy as np

from teleop_collect.clock import NS_PER_S
from teleop_collect.qa.arms import ArmStreams
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity
from teleop_collect.qa.motion import clean

CLOSED, OPEN = 0.4, 0.6
"""Hysteresis, share of the gripper's range."""
WINDOW_S, MAX_TOGGLES = 0.5, 2
NAMED = re.compile("gripper|finger", re.IGNORECASE)
LEAST_RANGE = 0.01
"""m or rad that a gripper of unknown range has to move before it can chatter."""


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Changes between open and closed, and the most within half a second."""
    for arm in evidence.arms:
        topic = arm.sent or arm.follower
        data = evidence.read(topic) if topic else None
        if data is None or topic is None or not data.names:
            continue
        stamps, position = clean(data)
        # Without a description the name alone tells a gripper.
        for name in arm.grippers or [n for n in data.names if NAMED.search(n)]:
            if name in data.names:
                at_ns = toggles(arm, name, stamps, position[:, data.names.index(name)])
                yield from _judge(evidence, topic, name, at_ns)


def _judge(
    evidence: Evidence, topic: str, name: str, at_ns: np.ndarray
) -> Iterator[Remark | Measure]:
    ends = np.searchsorted(at_ns, at_ns + round(WINDOW_S * NS_PER_S), side="right")
    counts = ends - np.arange(len(at_ns))
    most = int(counts.max(initial=0))
    yield Measure(f"{name}_toggles", len(at_ns), "1", topic)
    yield Measure(f"{name}_most_in_half_a_second", most, "1", topic)
    if most > MAX_TOGGLES:
        yield Remark(
            Severity.INFO,
            f"{name} changes {most} times within {WINDOW_S:g} s (limit {MAX_TOGGLES})",
            topic,
            evidence.t_s(int(at_ns[int(np.argmax(counts))])),
            most,
            MAX_TOGGLES,
            "1",
        )


def toggles(arm: ArmStreams, name: str, stamps: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Times of the changes, ns; without a description the range is what was seen."""
    if not len(values):
        return np.zeros(0, dtype=np.int64)
    bounds = arm.bounds.get(name)
    lower, upper = (bounds.lower, bounds.upper) if bounds else (values.min(), values.max())
    span, least = upper - lower, 0.0 if bounds else LEAST_RANGE
    if not np.isfinite(span) or span <= least:
        return np.zeros(0, dtype=np.int64)
    share = (values - lower) / span
    sides = np.where(share > OPEN, 1, np.where(share < CLOSED, -1, 0))
    decided = np.flatnonzero(sides)
    changes = np.flatnonzero(np.diff(sides[decided])) + 1
    at_ns: np.ndarray = stamps[decided[changes]]
    return at_ns


CHECK = Check(
    "gripper_chatter",
    2,
    Layer.BEHAVIOUR,
    "hysteresis 0.4 and 0.6 of the range; no published norm, own limit",
    run,
    limits=(Limit("changes within half a second", MAX_TOGGLES, "1", Severity.INFO),),
)
