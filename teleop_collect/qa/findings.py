"""What checks say: findings with their limits, plain measures, and the verdict over them."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from teleop_collect.qa.evidence import Evidence


class Layer(StrEnum):
    """What a check is about: is the data complete, is it technically good, what was done."""

    INTEGRITY = "integrity"
    TECHNICAL = "technical"
    BEHAVIOUR = "behaviour"


class Severity(StrEnum):
    """What a finding means for the episode."""

    FAIL = "fail"
    """The data is incomplete or wrong; do not train on it."""
    REVIEW = "review"
    """A person should look."""
    INFO = "info"
    """Worth knowing; says nothing against the episode."""


class Verdict(StrEnum):
    """The worst that any check found."""

    PASS = "pass"  # noqa: S105 (a verdict, not a password)
    REVIEW = "review"
    FAIL = "fail"


@dataclass(frozen=True)
class Remark:
    """Something a check has to say.

    Attributes:
        severity: what it means for the episode.
        message: what was found, for a person.
        stream: topic that it is about; None for the whole episode.
        t_s: when, s since the start of the episode; None when it has no moment.
        measured: the number found.
        limit: the number that it was compared with.
        unit: of both.
    """

    severity: Severity
    message: str
    stream: str | None = None
    t_s: float | None = None
    measured: float | None = None
    limit: float | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Measure:
    """A number that a check took, good or bad.

    Attributes:
        name: what was measured.
        value: the number.
        unit: its unit; "1" for plain ratios and counts.
        stream: topic; None for the whole episode.
    """

    name: str
    value: float
    unit: str
    stream: str | None = None


@dataclass(frozen=True)
class Finding(Remark):
    """A remark with the check that made it."""

    check: str = ""
    layer: Layer = Layer.INTEGRITY


@dataclass(frozen=True)
class Limit:
    """A number that a check compares with.

    Attributes:
        what: what is limited, in words.
        value: the number.
        unit: its unit; "1" for plain ratios and counts.
        severity: what crossing it means.
    """

    what: str
    value: float
    unit: str
    severity: Severity = Severity.REVIEW


@dataclass(frozen=True)
class Rule:
    """What every check says of itself.

    Attributes:
        name: unique; stands in findings.
        version: rises when the same data may get another answer.
        layer: what it is about.
        source: where formula and limits come from.
        limits: the numbers that it compares with; none where it only measures, or where the limits
            are the recording's own (its robot description, its manifest).
    """

    name: str
    version: int
    layer: Layer
    source: str
    limits: tuple[Limit, ...] = field(default=(), kw_only=True)

    def as_document(self) -> dict[str, Any]:
        """The rule in qa.json."""
        return {
            "name": self.name,
            "version": self.version,
            "layer": str(self.layer),
            "source": self.source,
            "limits": [asdict(limit) for limit in self.limits],
        }


@dataclass(frozen=True)
class Check(Rule):
    """One check of an episode.

    Attributes:
        run: looks at the evidence; must not change it.
    """

    run: "Callable[[Evidence], Iterable[Remark | Measure]]"

    def finding(self, remark: Remark) -> Finding:
        """The remark under this check's name."""
        return Finding(**vars(remark), check=self.name, layer=self.layer)


@dataclass(frozen=True)
class QaReport:
    """Everything that was found in one episode.

    Attributes:
        episode_id: which one.
        verdict: the worst of the findings.
        findings: the worst first.
        measures: by check name.
        checks: all that ran.
    """

    episode_id: str
    verdict: Verdict
    findings: tuple[Finding, ...]
    measures: dict[str, tuple[Measure, ...]]
    checks: tuple[Check, ...]

    def measure(self, check: str, name: str, stream: str | None = None) -> float | None:
        """One measured number; None when the check could not take it."""
        for measure in self.measures.get(check, ()):
            if (measure.name, measure.stream) == (name, stream):
                return measure.value
        return None

    def as_document(self) -> dict[str, Any]:
        """Content of qa.json."""
        return {
            "schema": "teleop_collect.qa/1",
            "episode_id": self.episode_id,
            "verdict": str(self.verdict),
            "findings": [_finite(asdict(finding)) for finding in self.findings],
            "measures": {
                check: [asdict(measure) for measure in measures]
                for check, measures in self.measures.items()
            },
            "checks": [check.as_document() for check in self.checks],
        }


def _finite(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinity: such a number stands in the message alone."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in fields.items()
    }


ORDER = (Severity.FAIL, Severity.REVIEW, Severity.INFO)


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """Fail if any finding is, else review if any is, else pass."""
    severities = {finding.severity for finding in findings}
    if Severity.FAIL in severities:
        return Verdict.FAIL
    return Verdict.REVIEW if Severity.REVIEW in severities else Verdict.PASS
