import json
from pathlib import Path

import pytest
from support import planted_defects as plant
from support.synthetic_episode import write_episode

from teleop_collect.cli.main import main

IDS = [f"20261120T0{n}0000Z-sim_tabletop-aaaaa{n}" for n in range(3)]


def add(root: Path, number: int, *defects: plant.Defect) -> Path:
    return write_episode(
        root, episode_id=IDS[number], duration_s=1.0, cameras=("scene",), size=(16, 16),
        defects=defects,
    )  # fmt: skip


def test_a_good_root_is_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    add(tmp_path, 0), add(tmp_path, 1)
    assert main(["qa", str(tmp_path)]) == 0
    assert "2 episodes checked: 2 pass; 0 unreadable" in capsys.readouterr().out
    assert (tmp_path / "episodes" / IDS[1] / "qa.json").is_file()


def test_a_failing_episode_is_bad_and_its_finding_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    add(tmp_path, 0)
    folder = add(tmp_path, 1, plant.keep_each("/follower/wrench", 2))
    assert main(["qa", str(folder)]) == 1
    out = capsys.readouterr().out
    assert IDS[0] not in out
    assert "rates /follower/wrench: mean rate 250" in out


def test_review_is_not_bad(tmp_path: Path):
    assert main(["qa", str(add(tmp_path, 0, plant.dead_wrench()))]) == 0


def test_unreadable_is_said_and_the_others_are_still_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    add(tmp_path, 0, plant.truncated(-100))
    add(tmp_path, 1, plant.keep_each("/follower/wrench", 2))
    add(tmp_path, 2)
    report = tmp_path / "report.html"
    assert main(["qa", str(tmp_path), "--json", "--report", str(report)]) == 2
    printed = json.loads(capsys.readouterr().out)
    assert [e["verdict"] for e in printed["episodes"]] == ["fail", "pass"]
    (problem,) = printed["unreadable"]
    assert IDS[0] in problem
    assert "salvage" in problem
    assert "salvage" in report.read_text()


def test_several_processes_answer_the_same_in_the_same_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    add(tmp_path, 0), add(tmp_path, 1, plant.dead_wrench()), add(tmp_path, 2, plant.truncated(99))
    answers = []
    for jobs in ("1", "2"):
        assert main(["qa", str(tmp_path), "--json", "--jobs", jobs]) == 2
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1]


def test_a_foreign_bag_is_checked_without_writing_beside_a_bare_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (mcap,) = add(tmp_path, 0).glob("*.mcap")
    bare = tmp_path / "bare" / "x.mcap"
    bare.parent.mkdir()
    bare.write_bytes(mcap.read_bytes())
    assert main(["qa", str(bare), "--json"]) == 0
    (episode,) = json.loads(capsys.readouterr().out)["episodes"]
    assert episode["verdict"] == "review"
    assert [f.name for f in bare.parent.iterdir()] == ["x.mcap"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["/nowhere/at/all"], "no such file or folder"),
        ([".", "--jobs", "0"], "--jobs is 0"),
        ([".", "--report", "/nowhere/at/all/r.html"], "no such folder"),
    ],
)
def test_wrong_usage_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["qa", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_said_and_the_others_are_still_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    locked, free = add(tmp_path, 0), add(tmp_path, 1)
    (locked / "qa.json" / "in the way").mkdir(parents=True)
    assert main(["qa", str(locked), str(free), "--json", "--jobs", "1"]) == 2
    printed = json.loads(capsys.readouterr().out)
    assert [e["verdict"] for e in printed["episodes"]] == ["pass", "pass"]
    (problem,) = printed["unkept"]
    assert f"{locked.name}/qa.json: cannot be written: Is a directory" in problem
    assert (free / "qa.json").is_file()
