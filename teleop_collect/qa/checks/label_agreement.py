"""Is the episode labelled, and do operator and predicate say the same?"""

from collections.abc import Iterator

from teleop_collect.episodes.labels import standing
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Remark, Severity


def run(evidence: Evidence) -> Iterator[Remark]:
    """A disagreement goes to a person; a missing label is said."""
    outcome = evidence.manifest.get("outcome")
    if not isinstance(outcome, dict):
        return
    labels = standing(evidence.manifest, evidence.episode.labels)
    if labels.needs_review:
        said = {True: "success", False: "failure"}
        yield Remark(
            Severity.REVIEW,
            f"the operator says {said[bool(labels.person)]}, "
            f"the predicate says {said[bool(labels.predicate)]}",
        )
    if evidence.episode.effective_label is None:
        yield Remark(Severity.INFO, "nobody and nothing has labelled this episode")


CHECK = Check(
    "label_agreement", 3, Layer.TECHNICAL, "labels are kept apart; disagreement: a person", run
)
