"""How long is the episode?"""

from collections.abc import Iterator

from teleop_collect.clock import NS_PER_S
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Measure


def run(evidence: Evidence) -> Iterator[Measure]:
    """Time from the first to the last sample of any periodic stream."""
    span = evidence.covered
    yield Measure("covered_s", (span.end_ns - span.start_ns) / NS_PER_S, "s")


CHECK = Check("duration", 1, Layer.BEHAVIOUR, "definition", run)
