"""How a dataset is checked: rules over groups of digests, and what they say."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from teleop_collect.qa.dataset.digest import Digest
from teleop_collect.qa.findings import Finding, Measure, Remark, Rule

Group = Sequence[Digest]


@dataclass(frozen=True)
class About:
    """A remark about one episode, or about the whole group (None)."""

    episode_id: str | None
    remark: Remark


@dataclass(frozen=True)
class DatasetCheck(Rule):
    """One check of the episodes of one task and one input device.

    Attributes:
        run: looks at the group.
    """

    run: Callable[[Group], Iterable[About | Measure]]


@dataclass(frozen=True)
class GroupReport:
    """What was found in one group.

    Attributes:
        task: id of the task.
        device: kind of the operator's device.
        episodes: ids.
        findings: with the episode that each is about; None for the group.
        measures: by check.
    """

    task: str
    device: str
    episodes: tuple[str, ...]
    findings: tuple[tuple[str | None, Finding], ...]
    measures: Mapping[str, tuple[Measure, ...]]

    def as_document(self) -> dict[str, Any]:
        """The group in a dataset's qa.json."""
        return {
            "task": self.task,
            "device": self.device,
            "episodes": list(self.episodes),
            "findings": [{"episode_id": e, **asdict(f)} for e, f in self.findings],
            "measures": {c: [asdict(m) for m in found] for c, found in self.measures.items()},
        }


def group_reports(digests: Iterable[Digest], checks: Sequence[DatasetCheck]) -> list[GroupReport]:
    """One report for each task and input device: other devices move in another way."""
    groups: dict[tuple[str, str], list[Digest]] = {}
    for digest in digests:
        groups.setdefault((digest.task, digest.device), []).append(digest)
    return [_report(task, device, found, checks) for (task, device), found in groups.items()]


def _report(task: str, device: str, group: Group, checks: Sequence[DatasetCheck]) -> GroupReport:
    findings: list[tuple[str | None, Finding]] = []
    measures: dict[str, tuple[Measure, ...]] = {}
    for check in checks:
        answers = list(check.run(group))
        findings += [
            (a.episode_id, Finding(**vars(a.remark), check=check.name, layer=check.layer))
            for a in answers
            if isinstance(a, About)
        ]
        measures[check.name] = tuple(a for a in answers if isinstance(a, Measure))
    ids = tuple(digest.episode_id for digest in group)
    return GroupReport(task, device, ids, tuple(findings), measures)
