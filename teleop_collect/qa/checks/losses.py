"""What the recorder knows it lost: in transport, and from its own queue."""

from collections.abc import Iterator

from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity

REVIEW_SHARE, FAIL_SHARE = 0.01, 0.05
KINDS = (("lost_transport", "lost between publisher and recorder"),
         ("dropped_queue", "dropped by the recorder under load"))  # fmt: skip


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Judges counted losses; what could not be observed is said and not judged."""
    unseen = []
    for topic, ledger in evidence.ledgers.items():
        for kind, what in KINDS:
            lost = ledger.get(kind)
            received = ledger.get("received")
            if not isinstance(lost, int) or not isinstance(received, int):
                unseen += [topic] if kind == "lost_transport" and ledger.get("required") else []
                continue
            yield Measure(kind, lost, "messages", topic)
            if lost:
                yield _judge(topic, what, lost, lost / max(received + lost, 1))
    if unseen:
        listed = ", ".join(unseen)
        yield Remark(Severity.INFO, f"losses in transport could not be observed for {listed}")


def _judge(topic: str, what: str, lost: int, share: float) -> Remark:
    severity, limit = Severity.INFO, REVIEW_SHARE
    if share > REVIEW_SHARE:
        severity = Severity.REVIEW
    if share > FAIL_SHARE:
        severity, limit = Severity.FAIL, FAIL_SHARE
    message = f"{lost} messages {what} ({100 * share:.2f}%, limit {100 * limit:g}%)"
    return Remark(severity, message, topic, None, 100 * share, 100 * limit, "%")


CHECK = Check(
    "losses",
    1,
    Layer.INTEGRITY,
    "own limits: over 1% review, over 5% fail",
    run,
    limits=(
        Limit("counted losses", 100 * REVIEW_SHARE, "%"),
        Limit("counted losses", 100 * FAIL_SHARE, "%", Severity.FAIL),
    ),
)
