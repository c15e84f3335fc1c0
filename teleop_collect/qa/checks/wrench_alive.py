"""Does the force-torque sensor measure, or repeat one value?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect import topics
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity

MAX_REPEATED = 0.5


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Share of messages that repeat all six values of the one before."""
    for info in evidence.episode.streams.values():
        data = evidence.read(info.topic) if info.type == topics.WRENCH_STAMPED else None
        if data is None or len(data) < 2:
            continue
        table = np.concatenate([data.values["force_n"], data.values["torque_nm"]], axis=1)
        force_n = np.linalg.norm(table[np.isfinite(table).all(axis=1), :3], axis=1)
        repeated = (np.diff(table, axis=0) == 0).all(axis=1)
        share = float(repeated.mean())
        yield Measure("repeated_share", share, "1", info.topic)
        if len(force_n):
            yield Measure("max_force", float(force_n.max()), "N", info.topic)
        if share > MAX_REPEATED:
            yield Remark(
                Severity.REVIEW,
                f"{100 * share:.0f}% of messages repeat the one before (limit "
                f"{100 * MAX_REPEATED:g}%); the sensor may be dead",
                info.topic,
                evidence.t_s(int(data.stamp_ns[int(np.argmax(repeated))])),
                100 * share,
                100 * MAX_REPEATED,
                "%",
            )


CHECK = Check(
    "wrench_alive",
    1,
    Layer.TECHNICAL,
    "own limit: half of the messages",
    run,
    limits=(Limit("messages that repeat the one before", 100 * MAX_REPEATED, "%"),),
)
