"""What the predicates of a task say of an episode, with the values that made them say so."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class StepLabel:
    """One step of a task.

    Attributes:
        name: as in the rig file.
        success: whether it was reached; None when that could not be told.
        reached_s: when, s since the start; None when it was not.
    """

    name: str
    success: bool | None
    reached_s: float | None

    def as_document(self) -> dict[str, Any]:
        """Plain values."""
        return {"success": self.success, "reached_s": self.reached_s}


@dataclass(frozen=True)
class Judgement:
    """The predicates' label of one episode.

    Attributes:
        success: whether the task worked; None when that could not be told.
        steps: each step of the task, in order.
        evidence: conditions, and values over time.
    """

    success: bool | None
    steps: tuple[StepLabel, ...] = ()
    evidence: dict[str, Any] = field(default_factory=dict)
