"""What a check is and what it says."""

from dataclasses import dataclass
from typing import Literal, Protocol

from teleop_collect.rig.checks.context import CheckContext

Severity = Literal["error", "warning", "info"]
Measured = float | str | None


@dataclass(frozen=True)
class CheckResult:
    """Verdict of one check.

    Attributes:
        check: the check's name.
        severity: "error" shuts the gate when it did not pass; "warning" and "info" do not.
        passed: whether what was checked is good. What could not be observed is not.
        measured: the deciding value; "unknown" when it could not be observed; None without one.
        limit: what it was compared with; None without one.
        unit: unit of both.
        message: what was found.
        todo: what a person should do; "" when passed.
    """

    check: str
    severity: Severity
    passed: bool
    measured: Measured
    limit: Measured
    unit: str
    message: str
    todo: str


class Check(Protocol):
    """One check; it prints nothing and raises nothing."""

    @property
    def name(self) -> str:
        """Unique name."""
        ...

    @property
    def severity(self) -> Severity:
        """How much a failure matters."""
        ...

    def run(self, context: CheckContext) -> CheckResult:
        """Judge."""
        ...


def good(
    check: Check, message: str, measured: Measured = None, limit: Measured = None, unit: str = ""
) -> CheckResult:
    """The result of a check that passed."""
    return CheckResult(check.name, check.severity, True, measured, limit, unit, message, "")


def bad(
    check: Check,
    message: str,
    todo: str,
    measured: Measured = None,
    limit: Measured = None,
    unit: str = "",
) -> CheckResult:
    """The result of a check that did not pass."""
    return CheckResult(check.name, check.severity, False, measured, limit, unit, message, todo)


def unseen(check: Check, message: str, todo: str) -> CheckResult:
    """The result of a check that had nothing to look at: neither good nor bad, and said so."""
    return CheckResult(check.name, "info", False, "unknown", None, "", message, todo)
