"""Does the account of every stream balance: received = written + dropped, written = in the file?"""

from collections.abc import Iterator

from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Remark, Severity


def run(evidence: Evidence) -> Iterator[Remark]:
    """A failure for every stream whose account does not balance."""
    for topic, ledger in evidence.ledgers.items():
        received, written, dropped = (
            ledger.get(k) for k in ("received", "written", "dropped_queue")
        )
        known = topic in evidence.episode.streams
        in_file = len(evidence.times(topic)) if known else 0
        if isinstance(written, int) and written != in_file:
            yield Remark(
                Severity.FAIL,
                f"the ledger says {written} written, the file holds {in_file}",
                topic,
                measured=in_file,
                limit=written,
                unit="messages",
            )
        numbers = [n for n in (received, written, dropped) if isinstance(n, int)]
        if len(numbers) == 3 and numbers[0] != numbers[1] + numbers[2]:
            yield Remark(
                Severity.FAIL,
                f"{received} received is not {written} written + {dropped} dropped",
                topic,
                measured=numbers[0],
                limit=numbers[1] + numbers[2],
                unit="messages",
            )
    if evidence.ledgers:
        for topic in sorted(set(evidence.episode.streams) - set(evidence.ledgers)):
            yield Remark(Severity.FAIL, "the file holds a stream without a ledger", topic)


CHECK = Check(
    "ledger_invariant",
    1,
    Layer.INTEGRITY,
    "teleop_collect manifest",
    run,
    limits=(Limit("messages that the account misses", 0, "messages", Severity.FAIL),),
)
