"""How long did teleoperation hold or fault during the episode?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.clock import NS_PER_S
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity

HOLDING = ("hold", "fault")
LIMIT_S = 0.5


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Time in the states `hold` and `fault` of each arm."""
    for arm, (stamps, states) in evidence.states.items():
        if len(stamps) < 2:
            continue
        held = np.array([state in HOLDING for state in states], dtype=bool)
        steps_s = np.clip(np.diff(stamps, append=stamps[-1]) / NS_PER_S, 0.0, LIMIT_S)
        total_s = float(steps_s[held].sum())
        yield Measure(f"{arm}_s", total_s, "s")
        if total_s > LIMIT_S:
            yield Remark(
                Severity.REVIEW,
                f"{arm} held or faulted for {total_s:.2f} s (limit {LIMIT_S:g} s); the robot did "
                "not follow then",
                None,
                evidence.t_s(int(stamps[int(np.argmax(held))])),
                total_s,
                LIMIT_S,
                "s",
            )


CHECK = Check(
    "hold_time",
    1,
    Layer.TECHNICAL,
    "states of teleop/status; own limit",
    run,
    limits=(Limit("time in hold or fault", LIMIT_S, "s"),),
)
