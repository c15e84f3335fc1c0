"""Can every byte of the recording be read, and does its content match its checksums?"""

from collections.abc import Iterator

from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """One failure for each damaged chunk or stream."""
    for problem in evidence.damage:
        yield Remark(Severity.FAIL, problem)
    for topic, facts in evidence.images.items():
        if facts.unreadable:
            yield Remark(Severity.FAIL, facts.unreadable, topic)
    for info in evidence.episode.streams.values():
        if info.count and not info.decodable:
            message = (
                f"the file's definition of {info.type} cannot be used; only times were checked"
            )
            yield Remark(Severity.REVIEW, message, info.topic)
    yield Measure("damaged_parts", len(evidence.damage), "1")


CHECK = Check(
    "structure",
    1,
    Layer.INTEGRITY,
    "MCAP specification: chunk and summary CRC-32",
    run,
    limits=(Limit("damaged parts", 0, "1", Severity.FAIL),),
)
