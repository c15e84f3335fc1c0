"""Does the action jump now and then?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity
from teleop_collect.qa.motion import MAD_TO_STD, motions

GRID_HZ = 30.0
Z_LIMIT = 5.0
MANY = 20


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Steps whose size is over five deviations from the median step, by median deviations.

    A minimum of 0.01 rad keeps the ordinary beginning of a slow movement from counting.
    """
    for arm in evidence.arms:
        topic = arm.sent or arm.follower
        data = evidence.read(topic) if topic else None
        moved = motions((data,), GRID_HZ) if data and data.names else None
        if moved is None or len(moved[0]) < 10:
            continue
        second = np.linalg.norm(np.diff(moved[0].position, 2, axis=0), axis=1)
        middle = float(np.median(second))
        spread = MAD_TO_STD * float(np.median(np.abs(second - middle)))
        z = (second - middle) / max(spread, 1e-9)
        spikes = (z > Z_LIMIT) & (second > 0.01)
        yield Measure("spikes", int(spikes.sum()), "1", topic)
        if spikes.sum() > MANY:
            yield Remark(
                Severity.INFO,
                f"{int(spikes.sum())} jumps of the action (limit {MANY})",
                topic,
                float((int(np.argmax(spikes)) + 1) / GRID_HZ),
                int(spikes.sum()),
                MANY,
                "1",
            )


CHECK = Check(
    "spikes",
    1,
    Layer.BEHAVIOUR,
    "MAD z score over 5, over 20 an episode: rda, applied to changes of the step",
    run,
    limits=(
        Limit("z score of a spike", Z_LIMIT, "1", Severity.INFO),
        Limit("spikes an episode", MANY, "1", Severity.INFO),
    ),
)
