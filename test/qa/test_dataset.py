"""What only shows between episodes; and that it never decides about one."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import planted_defects as plant
from support.planted_kinds import FOLLOWER
from support.synthetic_episode import write_episode

from teleop_collect.cli.main import main
from teleop_collect.qa.dataset import duplicates
from teleop_collect.qa.dataset.checks import GroupReport, group_reports
from teleop_collect.qa.dataset.digest import Digest, from_document
from teleop_collect.qa.dataset.registry import DATASET_CHECKS
from teleop_collect.qa.report.dataset import examine


def digests(count: int = 30) -> list[Digest]:
    """Episodes of one task as alike as people make them."""
    rng = np.random.default_rng(0)
    return [
        Digest(
            episode_id=f"e{n}",
            task="pick",
            device="gello",
            operator=f"op-{n % 3}",
            day=f"2026-11-{20 + n % 2}",
            duration_s=float(rng.uniform(9, 11)),
            path_rad=float(rng.uniform(7, 9)),
            sparc=float(rng.uniform(-4.2, -3.8)),
            ldlj=-15.0,
            idle_share=float(rng.uniform(0.1, 0.3)),
            spikes=float(n % 2),
            gripper_changes=2.0 + n % 2,
            lag_ms=float(rng.uniform(20, 24)),
            start={"a": float(rng.uniform(0, 1)), "b": float(rng.uniform(0, 1))},
            end={"a": float(rng.uniform(0, 1)), "b": 0.0},
            objects={"/objects/cube/pose": tuple(rng.uniform(0, 0.3, 3))},
            success=True,
        )
        for n in range(count)
    ]


def only_group(found: list[Digest]) -> GroupReport:
    (group,) = group_reports(found, DATASET_CHECKS)
    return group


def said(group: GroupReport) -> list[tuple[str, str | None]]:
    assert all(f.severity == "info" for _, f in group.findings)
    return [(f.check, episode) for episode, f in group.findings]


def test_ordinary_episodes_are_no_news():
    assert said(only_group(digests())) == []


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"duration_s": 30.0}, "duration_outliers"),
        ({"path_rad": 30.0}, "path_outliers"),
        ({"sparc": -9.0}, "smoothness_outliers"),
        ({"lag_ms": 80.0}, "lag_outliers"),
        ({"ldlj": -30.0}, "jerk_outliers"),
        ({"idle_share": 0.9}, "idle_outliers"),
        ({"spikes": 40.0}, "spike_outliers"),
        ({"gripper_changes": 20.0}, "gripper_outliers"),
    ],
)
def test_one_that_is_unlike_the_others(change: dict[str, float], check: str):
    found = digests()
    found[4] = replace(found[4], **change)
    assert (check, "e4") in said(only_group(found))


def test_nearly_the_same_episode_twice():
    found = digests()
    found.append(replace(found[7], episode_id="copy", duration_s=found[7].duration_s + 1e-7))
    assert [c for c, _ in said(only_group(found))] == ["near_duplicates"]


def digest_of_motion(root: Path, **options: object) -> Digest:
    folder = write_episode(root, cameras=(), **options)  # type: ignore[arg-type]
    digest = from_document(examine(folder, draw=False).document)
    assert digest is not None
    return digest


def test_a_movement_that_was_replayed_slower_is_said_and_another_one_is_not(tmp_path: Path):
    first = digest_of_motion(tmp_path / "a", episode_id="first", duration_s=3.0, seed=1)
    slower = digest_of_motion(tmp_path / "b", episode_id="slower", duration_s=4.5, seed=2)
    bent = plant.joint_edit(FOLLOWER, "elbow", 1.0, 99.0, lambda q: q + 0.05)
    other = digest_of_motion(tmp_path / "c", episode_id="other", seed=3, defects=[bent])
    (group,) = group_reports([first, slower, other], [duplicates.CHECK])
    ((episode_id, finding),) = group.findings
    assert (episode_id, finding.message) == ("slower", "repeats the movement of first")


def test_starts_that_are_all_alike_cover_little():
    found = digests()
    for n, digest in enumerate(found[:-1]):
        place = (0.1 + 1e-4 * n, 0.1, 0.0)
        found[n] = replace(digest, objects={"/objects/cube/pose": place})
    group = only_group(found)
    assert ("object_coverage", None) in said(group)
    assert ("start_coverage", None) not in said(group)


@pytest.mark.parametrize(
    ("key", "value", "check"),
    [("operator", "op-0", "operator_drift"), ("day", "2026-11-20", "day_drift")],
)
def test_an_operator_or_a_day_that_differs(key: str, value: str, check: str):
    found = [replace(d, lag_ms=d.lag_ms + 20) if getattr(d, key) == value else d for d in digests()]
    assert check in {c for c, _ in said(only_group(found))}


def test_other_tasks_and_devices_are_compared_apart():
    found = digests()
    found += [
        replace(d, episode_id=f"s{n}", device="spacemouse", sparc=-20.0)
        for n, d in enumerate(digests())
    ]
    groups = group_reports(found, DATASET_CHECKS)
    assert [(g.device, said(g)) for g in groups] == [("gello", []), ("spacemouse", [])]


def test_a_root_gets_its_own_answer_and_a_report_that_compares(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    names = [f"20261120T0{n}0000Z-sim_tabletop-aaaaa{n}" for n in range(2)]
    for name in names:
        write_episode(tmp_path, episode_id=name, duration_s=1.0, cameras=(), size=(16, 16))
    report = tmp_path / "report.html"
    assert main(["qa", str(tmp_path), "--json", "--jobs", "1", "--report", str(report)]) == 0
    (group,) = json.loads(capsys.readouterr().out)["dataset"]
    assert [(f["check"], f["episode_id"]) for f in group["findings"]] == [
        ("near_duplicates", names[1])
    ]
    assert json.loads((tmp_path / "qa.json").read_text())["groups"] == [group]
    document = json.loads((tmp_path / "episodes" / names[0] / "qa.json").read_text())
    assert from_document(document).task == "pick_cube"
    text = report.read_text()
    assert "Among 1 other episodes of pick_cube with dynamixel" in text
    assert "Coverage" in text
    assert "skew against" not in text, "without a camera there is nothing to compare stamps with"


@pytest.mark.parametrize("document", [{}, {"digest": 3}, {"digest": {"episode_id": "x"}}])
def test_answers_of_other_versions_are_left_out(document: dict[str, object]):
    assert from_document(document) is None
