"""Is the episode labelled, and do operator and predicate say the same?"""

from collections.abc import Iterator

from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Remark, Severity


def run(evidence: Evidence) -> Iterator[Remark]:
    """A disagreement goes to a person; a missing label is said."""
    outcome = evidence.manifest.get("outcome")
    if not isinstance(outcome, dict):
        return
    labels = evidence.episode.labels
    operator = labels[-1].success if labels else outcome.get("operator_label")
    predicate = outcome.get("predicate_label")
    if isinstance(operator, bool) and isinstance(predicate, bool) and operator != predicate:
        said = {True: "success", False: "failure"}
        yield Remark(
            Severity.REVIEW,
            f"the operator says {said[operator]}, the predicate says {said[predicate]}",
        )
    if evidence.episode.effective_label is None:
        yield Remark(Severity.INFO, "nobody and nothing has labelled this episode")


CHECK = Check(
    "label_agreement", 1, Layer.BEHAVIOUR, "labels are kept apart; disagreement: a person", run
)
