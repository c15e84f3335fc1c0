"""Rows and goals of recordings that were killed or whose disk filled."""

from collections.abc import Sequence

from report import Figure, Report

from .disk_full import FullDisk
from .kills import Kill, percentile

MAX_LOSS_S, P95_LOSS_S, MAX_ALARM_S = 1.0, 0.5, 1.0


def judge_kills(
    report: Report, kills: Sequence[Kill], wanted: int, episodes: Sequence[str]
) -> None:
    """Add the row and the goals of killed recordings.

    Args:
        report: to add to.
        kills: what was recovered of each; loss is judged where the machine was quiet.
        wanted: how many of those there should be.
        episodes: names of the episodes that stand in the roots afterwards.
    """
    losses_s = [kill.loss_s for kill in kills if kill.is_quiet]
    salvages_s = [kill.salvage_s for kill in kills]
    wrong = sum(k.corrupted + k.foreign + k.duplicates + k.misnumbered for k in kills)
    unrecovered = sum(k.left - k.messages for k in kills)
    figures: dict[str, Figure] = {"loss_max_s": "unknown: the machine had no quiet moment"}
    if losses_s:
        figures = {f"loss_p{n}_s": percentile(losses_s, n / 100) for n in (50, 95)}
        figures["loss_max_s"] = max(losses_s)
        report.at_most("kill_loss_max_s", max(losses_s), MAX_LOSS_S)
        report.at_most("kill_loss_p95_s", percentile(losses_s, 0.95), P95_LOSS_S)
    report.row(
        "kill -9 of the recorder",
        runs=len(kills),
        quiet=len(losses_s),
        recovered=len(episodes),
        **figures,
        loss_max_disturbed_s=max((k.loss_s for k in kills if not k.is_quiet), default=0.0),
        messages=sum(k.messages for k in kills),
        corrupted=sum(k.corrupted for k in kills),
        foreign=sum(k.foreign for k in kills),
        holes=sum(k.holes for k in kills),
        disturbed_max_s=max(k.disturbed_s for k in kills),
        salvage_p50_s=percentile(salvages_s, 0.5),
        salvage_max_s=max(salvages_s),
    )
    missing = len({k.episode_id for k in kills} - set(episodes))
    report.at_most("kill_not_recovered", missing, 0)
    report.at_most("kill_duplicate_episodes", len(episodes) - len({*episodes}), 0)
    report.at_least("kill_quiet", len(losses_s), wanted)
    report.at_most("kill_corrupted_or_twice", wrong, 0)
    report.at_most("kill_left_not_recovered", unrecovered, 0)
    report.at_most("kill_holes", sum(k.holes for k in kills), 0)


def judge_full_disks(report: Report, name: str, disks: Sequence[FullDisk]) -> None:
    """Add the row and the goals of one way to fill a disk."""
    report.row(
        f"disk full, {name}",
        runs=len(disks),
        footers=sum(d.footer for d in disks),
        alarm_max_s=max(d.alarm_s for d in disks),
        nodes_alive=sum(d.node_alive for d in disks),
        messages=sum(d.messages for d in disks),
        corrupted=sum(d.corrupted for d in disks),
        holes=sum(d.holes for d in disks),
    )
    key = name.replace(" ", "_")
    report.at_least(f"disk_full_{key}_footers", sum(d.footer for d in disks), len(disks))
    report.at_most(f"disk_full_{key}_alarm_s", max(d.alarm_s for d in disks), MAX_ALARM_S)
    report.at_most(f"disk_full_{key}_corrupted", sum(d.corrupted for d in disks), 0)
    report.at_least(f"disk_full_{key}_alive", sum(d.node_alive for d in disks), len(disks))
