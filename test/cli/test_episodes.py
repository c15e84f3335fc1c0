import json
from pathlib import Path

import pytest
from support.synthetic_episode import write_episode

from teleop_collect.cli.main import main

FIRST = "20261120T090000Z-sim_tabletop-aaaaaa"
SECOND = "20261121T090000Z-sim_tabletop-bbbbbb"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for episode_id, success in ((FIRST, True), (SECOND, None)):
        write_episode(tmp_path, episode_id=episode_id, duration_s=0.5, cameras=(), success=success)
    return tmp_path


def listed(root: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    assert main(["episodes", "list", str(root), "--json"]) == 0
    rows: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return rows


def test_list(root: Path, capsys: pytest.CaptureFixture[str]):
    first, second = listed(root, capsys)
    assert first == {
        "episode_id": FIRST,
        "task_id": "pick_cube",
        "outcome": "success",
        "agreement": True,
        "duration_s": 0.5,
        "verdict": None,
        "problem": None,
    }
    assert second["outcome"] == "unlabelled"


def test_list_as_a_table_with_the_root_as_an_option(root: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["episodes", "list", "--root", str(root)]) == 0
    out = capsys.readouterr().out
    assert FIRST in out
    assert "2 episodes" in out


def test_list_names_what_is_broken_and_goes_on(root: Path, capsys: pytest.CaptureFixture[str]):
    (root / "episodes" / FIRST / "manifest.json").write_text("{")
    first, second = listed(root, capsys)
    assert "is not JSON" in str(first["problem"])
    assert second["problem"] is None


def test_show_tells_streams_task_outcome_and_verdict(
    root: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["qa", str(root)]) == 0
    capsys.readouterr()
    assert main(["episodes", "show", FIRST[:12], "--root", str(root), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["episode_id"] == FIRST
    assert (facts["task_id"], facts["outcome"], facts["verdict"]) == (
        "pick_cube",
        "success",
        "pass",
    )
    stream = facts["streams"]["/follower/joint_states"]
    assert (stream["count"], stream["lost"], stream["dropped"], stream["gaps"]) == (100, 0, 0, 0)
    assert stream["hz"] == pytest.approx(200, abs=0.5)
    assert facts["streams"]["/task"]["hz"] == "unknown"


def test_show_as_text(root: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["episodes", "show", "latest", "--root", str(root)]) == 0
    out = capsys.readouterr().out
    assert SECOND in out
    assert "not checked" in out
    assert "/follower/wrench" in out


def test_labels_are_appended_and_the_newest_counts(root: Path, capsys: pytest.CaptureFixture[str]):
    label = ["episodes", "label", FIRST, "--root", str(root)]
    assert main([*label, "--failure", "--reason", "cube fell", "--operator", "op-1"]) == 0
    assert listed_outcome(root, capsys) == "failure"
    assert main([*label, "--success"]) == 0
    assert listed_outcome(root, capsys) == "success"
    lines = (root / "episodes" / FIRST / "labels.jsonl").read_text().splitlines()
    first, second = (json.loads(line) for line in lines)
    assert (first["success"], first["reason"], first["operator"]) == (False, "cube fell", "op-1")
    assert second["success"] is True
    manifest = json.loads((root / "episodes" / FIRST / "manifest.json").read_text())
    assert manifest["outcome"]["success"] is True


def listed_outcome(root: Path, capsys: pytest.CaptureFixture[str]) -> object:
    capsys.readouterr()
    return listed(root, capsys)[0]["outcome"]


def test_a_label_needs_one_of_success_and_failure(root: Path):
    for extra in ([], ["--success", "--failure"]):
        with pytest.raises(SystemExit) as caught:
            main(["episodes", "label", FIRST, "--root", str(root), *extra])
        assert caught.value.code == 2


def test_discard_asks_first_and_deletes_nothing(root: Path, capsys: pytest.CaptureFixture[str]):
    folder = root / "episodes" / FIRST
    files = {f.name: f.read_bytes() for f in folder.iterdir()}
    assert main(["episodes", "discard", FIRST, "--root", str(root)]) == 2
    assert folder.is_dir()
    assert "--yes" in capsys.readouterr().out
    assert main(["episodes", "discard", FIRST, "--root", str(root), "--yes"]) == 0
    moved = root / "discarded" / FIRST
    assert {f.name: f.read_bytes() for f in moved.iterdir()} == files
    capsys.readouterr()
    assert [row["episode_id"] for row in listed(root, capsys)] == [SECOND]


@pytest.mark.parametrize("action", [["show"], ["label", "--success"], ["discard", "--yes"]])
def test_an_unknown_episode_is_one_line(
    root: Path, action: list[str], capsys: pytest.CaptureFixture[str]
):
    assert main(["episodes", action[0], "nonsense", *action[1:], "--root", str(root)]) == 2
    error = capsys.readouterr().err
    assert "no episode 'nonsense'" in error
    assert error.count("\n") == 1
