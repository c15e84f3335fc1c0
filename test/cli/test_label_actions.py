"""Labelling from the command line: one, many, by a second person, by predicates; the two queues."""

import json
from pathlib import Path

import pytest
from support.synthetic_episode import write_episode

from teleop_collect.cli.main import main
from teleop_collect.episodes.labels import read_labels

IDS = [f"2026112{n}T090000Z-sim_tabletop-aaaaa{n}" for n in range(4)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number, episode_id in enumerate(IDS):
        write_episode(
            tmp_path,
            episode_id=episode_id,
            duration_s=0.5 + 0.1 * number,
            cameras=(),
            success=None if number else True,
        )
    return tmp_path


def run(root: Path, *words: str) -> int:
    return main(["episodes", words[0], "--root", str(root), *words[1:]])


def said(root: Path, number: int) -> list[tuple[str, bool | None]]:
    labels = read_labels(root / "episodes" / IDS[number])
    return [(label.by, label.success) for label in labels]


def output(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return rows


def test_everything_that_a_person_says_is_kept(root: Path):
    words = ["--failure", "--reason", "dropped", "--notes", "on the rim", "--operator", "op-9"]
    more = ["--segment", "grasp:0.1-0.25:success", "--segment", "carry:0.25-0.4"]
    steps = ["--step", "grasp=success", "--step", "place=failure"]
    assert run(root, "label", IDS[0], *words, *more, *steps) == 0
    (label,) = read_labels(root / "episodes" / IDS[0])
    assert (label.success, label.reason, label.notes) == (False, "dropped", "on the rim")
    assert (label.operator, label.by) == ("op-9", "operator")
    assert [vars(s) for s in label.segments] == [
        {"name": "grasp", "start_s": 0.1, "end_s": 0.25, "success": True},
        {"name": "carry", "start_s": 0.25, "end_s": 0.4, "success": None},
    ]
    assert dict(label.steps) == {"grasp": True, "place": False}
    assert label.at_ns > 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--segment", "grasp:3-2"], "must be NAME:START-END in s"),
        (["--segment", "grasp:0.1-9"], "segment 'grasp' ends at 9 s;"),
        (["--step", "grasp=maybe"], "must be NAME=success, =failure or =unknown"),
        (["--operator", "Jane Doe"], "up to 64 letters, digits"),
        (["--where", "nonsense ="], "columns: episode_id, path, task_id"),
        (["--where", "1) UNION SELECT 1; DROP TABLE episodes --"], "columns: episode_id"),
        (["--where", "load_extension('x') = 1"], "columns: episode_id"),
    ],
)
def test_what_cannot_be_meant_changes_nothing(root, capsys, words, message):
    assert run(root, "label", IDS[0], "--success", "--yes", *words) == 2
    assert message in capsys.readouterr().err
    assert said(root, 0) == []


def test_many_are_labelled_by_selection_or_list_after_a_confirmation(root, capsys, tmp_path):
    chosen = ["--where", "success IS NULL AND duration_s > 0.55"]
    assert run(root, "label", *chosen, "--failure") == 2
    assert "would label 3 episodes as failure; repeat with --yes" in capsys.readouterr().out
    assert said(root, 1) == []
    assert run(root, "label", *chosen, "--failure", "--yes") == 0
    assert [said(root, n) for n in range(4)] == [[]] + 3 * [[("operator", False)]]
    names = tmp_path / "names.txt"
    names.write_text(f"{IDS[1]}\n\n{IDS[2][:8]}\n{IDS[1]}\n")
    assert run(root, "label", "--from-file", str(names), "--success", "--yes") == 0
    assert said(root, 1) == [("operator", False), ("operator", True)]
    assert said(root, 3) == [("operator", False)]
    assert run(root, "label", "--where", "person AND verdict = 'x'", "--success") == 2
    assert "no episode is chosen" in capsys.readouterr().err


def test_a_disagreement_waits_until_a_reviewer_decides(root: Path, capsys):
    assert run(root, "label", IDS[0], "--failure") == 0
    capsys.readouterr()
    assert run(root, "review", "--json") == 0
    (row,) = output(capsys)
    assert (row["episode_id"], row["person"], row["predicate"]) == (IDS[0], False, True)
    assert run(root, "label", IDS[0], "--failure", "--review", "--operator", "op-2") == 0
    capsys.readouterr()
    assert run(root, "review", "--json") == 0
    assert output(capsys) == []
    assert run(root, "label", IDS[0], "--history", "--json") == 0
    (history,) = json.loads(capsys.readouterr().out).values()
    assert [(x["by"], x["operator"]) for x in history] == [
        ("operator", "op-unknown"),
        ("reviewer", "op-2"),
    ]


def test_an_answer_can_be_taken_back(root: Path, capsys):
    assert run(root, "label", IDS[1], "--success") == 0
    assert run(root, "label", IDS[1], "--unknown") == 0
    capsys.readouterr()
    assert main(["episodes", "show", IDS[1], "--root", str(root), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["outcome"] == "unlabelled"
    assert facts["labels"]["person"] == "unlabelled"


def test_predicates_judge_recorded_episodes_and_append(root: Path, capsys, tmp_path):
    tasks = tmp_path / "tasks.yaml"
    tasks.write_text(
        "tasks:\n  pick_cube:\n    instruction: wait\n    success_when: time() > 0.55 s\n"
    )
    options = ["--where", "1", "--tasks", str(tasks), "--json"]
    assert run(root, "judge", *options, "--dry-run") == 1
    rows = output(capsys)
    assert [row["predicate"] for row in rows] == [False, True, True, True]
    assert [row["agreement"] for row in rows] == [False, None, None, None]
    assert said(root, 0) == []
    assert run(root, "judge", *options) == 1
    assert said(root, 0) == [("predicate", False)]
    (label,) = read_labels(root / "episodes" / IDS[0])
    assert label.evidence is not None
    assert label.evidence["condition"] == "time() > 0.55 s"
    assert label.evidence["series"][0]["value"][0] == 0.0


def test_a_predicate_with_an_unknown_object_or_unit_is_refused(root: Path, capsys, tmp_path):
    tasks = tmp_path / "tasks.yaml"
    for condition, message in (
        ("rise(cub) > 1 cm", "did you mean 'cube'? (known: bin, cube)"),
        ("rise(cube) > 1 furlong", "no such unit (known: N, Nm, cm, deg"),
    ):
        head = "tasks:\n  pick_cube:\n    instruction: lift\n    success_when: "
        tasks.write_text(head + condition + "\n")
        assert run(root, "judge", IDS[0], "--tasks", str(tasks)) == 2
        assert message in capsys.readouterr().err
    assert said(root, 0) == []


def test_the_queue_holds_unlabelled_episodes_and_says_why(root: Path, capsys):
    assert run(root, "queue", "--json") == 0
    rows = output(capsys)
    assert {row["episode_id"] for row in rows} == set(IDS[1:])
    assert rows[0]["episode_id"] == IDS[3]
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert run(root, "label", IDS[3], "--success") == 0
    capsys.readouterr()
    assert run(root, "queue", "--json", "--limit", "1") == 0
    (row,) = output(capsys)
    assert row["episode_id"] in IDS[1:3]
