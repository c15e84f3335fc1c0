"""Are joint positions, wrenches and poses numbers?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect import topics
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Remark, Severity

COLUMNS = {
    topics.JOINT_STATE: ("position",),
    topics.WRENCH_STAMPED: ("force_n", "torque_nm"),
    topics.POSE_STAMPED: ("position_m", "quat_xyzw"),
}


def run(evidence: Evidence) -> Iterator[Remark]:
    """A failure for each stream with a value that is not a finite number."""
    for info in evidence.episode.streams.values():
        data = evidence.read(info.topic) if info.type in COLUMNS else None
        if data is None:
            continue
        table = np.concatenate([data.values[c] for c in COLUMNS[info.type]], axis=1)
        wrong = ~np.isfinite(table).all(axis=1)
        if wrong.any():
            first = int(np.argmax(wrong))
            bad = ~np.isfinite(table[first])
            joints = [n for n, b in zip(data.names, bad, strict=False) if b]
            where = f" (first: {', '.join(joints)})" if joints else ""
            yield Remark(
                Severity.FAIL,
                f"{int(wrong.sum())} of {len(data)} messages hold a value that is no number{where}",
                info.topic,
                evidence.t_s(int(data.stamp_ns[first])),
                int(wrong.sum()),
                0,
                "messages",
            )


CHECK = Check(
    "finite_values",
    1,
    Layer.INTEGRITY,
    "NaN and infinity are no measurements",
    run,
    limits=(Limit("messages with a value that is no number", 0, "messages", Severity.FAIL),),
)
