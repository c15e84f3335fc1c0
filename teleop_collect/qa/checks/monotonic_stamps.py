"""Do sensor stamps rise from message to message, and were they set at all?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity

FAIL_SHARE = 0.01


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Stamps that go back, repeat, or were never set."""
    for info, _ in evidence.periodic():
        stamps = evidence.times(info.topic).stamp_ns
        unset = int((stamps <= 0).sum())
        if unset:
            message = f"{unset} of {len(stamps)} messages have no time stamp"
            yield Remark(Severity.FAIL, message, info.topic, None, unset, 0, "messages")
        steps = np.diff(stamps)
        for name, wrong, what in (
            ("out_of_order", steps < 0, "are older than the one before"),
            ("duplicates", steps == 0, "repeat the stamp of the one before"),
        ):
            count = int(wrong.sum())
            yield Measure(name, count, "messages", info.topic)
            if count:
                first = int(stamps[int(np.argmax(wrong)) + 1])
                share = count / len(stamps)
                yield Remark(
                    Severity.FAIL if share > FAIL_SHARE else Severity.REVIEW,
                    f"{count} of {len(stamps)} messages {what} ({100 * share:.2f}%, limit "
                    f"{100 * FAIL_SHARE:g}%)",
                    info.topic,
                    evidence.t_s(first),
                    count,
                    0,
                    "messages",
                )


CHECK = Check(
    "monotonic_stamps",
    1,
    Layer.INTEGRITY,
    "own limits: any review, over 1% of messages fail",
    run,
    limits=(
        Limit("stamps that go back or repeat", 0, "messages"),
        Limit("stamps that go back or repeat", 100 * FAIL_SHARE, "%", Severity.FAIL),
    ),
)
