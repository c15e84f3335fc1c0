"""Did the force-torque sensor reach the end of its range?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect import topics
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity

MIN_RUN = 5
MAX_MESSAGES = 10
LARGE = {"force": 20.0, "torque": 1.0}
"""N and Nm below which nothing saturates."""


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Messages in which an axis stays exactly at its extreme for five messages or longer."""
    for info in evidence.episode.streams.values():
        data = evidence.read(info.topic) if info.type == topics.WRENCH_STAMPED else None
        if data is None:
            continue
        for what, key, unit in (("force", "force_n", "N"), ("torque", "torque_nm", "Nm")):
            for axis, values in zip("xyz", data.values[key].T, strict=True):
                at, count = clipped(values, LARGE[what])
                yield Measure(f"{what}_{axis}_clipped", count, "messages", info.topic)
                if count > MAX_MESSAGES:
                    yield Remark(
                        Severity.REVIEW,
                        f"{what} {axis} stays at {values[at]:.1f} {unit} for {count} messages "
                        f"(limit {MAX_MESSAGES}); the sensor is at the end of its range",
                        info.topic,
                        evidence.t_s(int(data.stamp_ns[at])),
                        count,
                        MAX_MESSAGES,
                        "messages",
                    )


def clipped(values: np.ndarray, large: float) -> tuple[int, int]:
    """First position and number of messages in runs at the largest magnitude."""
    size = np.abs(np.nan_to_num(values))
    if not len(size) or size.max() < large:
        return 0, 0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], size == size.max(), [0]]).astype(np.int8)))
    runs = [(int(a), int(b - a)) for a, b in edges.reshape(-1, 2) if b - a >= MIN_RUN]
    return (runs[0][0], sum(n for _, n in runs)) if runs else (0, 0)


CHECK = Check(
    "wrench_saturation",
    1,
    Layer.TECHNICAL,
    "runs of one extreme value: a noisy sensor repeats its maximum only at the end of its range",
    run,
    limits=(
        Limit("messages at the extreme", MAX_MESSAGES, "messages"),
        Limit("force that can be one, at least", LARGE["force"], "N", Severity.INFO),
        Limit("torque that can be one, at least", LARGE["torque"], "Nm", Severity.INFO),
    ),
)
