"""Is every required stream there, with messages?"""

from collections.abc import Iterator

from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Remark, Severity


def run(evidence: Evidence) -> Iterator[Remark]:
    """A failure for each required stream without a message."""
    wanted = [topic for topic, ledger in evidence.ledgers.items() if ledger.get("required")]
    mapping = evidence.mapping.mapping if evidence.mapping else None
    for topic in (*wanted, *(mapping.required if mapping else ())):
        known = topic in evidence.episode.streams
        if not known or not len(evidence.times(topic)):
            message = "a required stream has no message"
            yield Remark(Severity.FAIL, message, topic, measured=0, limit=1, unit="messages")
    if not any(len(evidence.times(topic)) for topic in evidence.episode.streams):
        yield Remark(Severity.FAIL, "the recording holds no message at all")


CHECK = Check(
    "required_streams",
    1,
    Layer.INTEGRITY,
    "rig file or mapping file: which streams are required",
    run,
    limits=(Limit("messages of a required stream, at least", 1, "messages", Severity.FAIL),),
)
