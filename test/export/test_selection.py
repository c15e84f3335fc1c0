import json
import os

import pytest
from support.synthetic_episode import write_episode

from teleop_collect.errors import UnreadableError
from teleop_collect.export.selection import select

IDS = tuple(f"20261120T09000{n}Z-sim_tabletop-a1b2c{n}" for n in range(3))


@pytest.fixture
def root(tmp_path):
    for episode_id, success in zip(IDS, (True, False, None), strict=True):
        write_episode(tmp_path, episode_id=episode_id, duration_s=0.3, success=success, cameras=())
    return tmp_path


def chosen(selection):
    return tuple(chosen.folder.name for chosen in selection.chosen)


def reasons(selection):
    return {e.episode_id: e.reason for e in selection.left_out}


@pytest.mark.parametrize(
    ("outcome", "expected"), [("success", IDS[:1]), ("failure", IDS[1:2]), ("all", IDS)]
)
def test_episodes_are_chosen_by_outcome(root, outcome, expected):
    selection = select(root, outcome, include_failed=False)
    assert chosen(selection) == expected
    assert len(selection.left_out) == len(IDS) - len(expected)


def test_each_left_out_episode_has_its_reason(root):
    assert reasons(select(root, "success", include_failed=False)) == {
        IDS[1]: "outcome is failure",
        IDS[2]: "outcome is unlabeled",
    }


def test_a_later_label_counts_more_than_the_recorded_outcome(root):
    labels = root / "episodes" / IDS[1] / "labels.jsonl"
    labels.write_text('{"at_ns": 1, "success": true}\n')
    assert chosen(select(root, "success", include_failed=False)) == IDS[:2]


def test_an_episode_that_failed_qa_is_left_out_unless_asked_for(root):
    (root / "episodes" / IDS[0] / "qa.json").write_text(json.dumps({"verdict": "fail"}))
    selection = select(root, "all", include_failed=False)
    assert chosen(selection) == IDS[1:]
    assert "QA verdict is fail" in reasons(selection)[IDS[0]]
    assert chosen(select(root, "all", include_failed=True)) == IDS


def test_a_recording_that_changed_after_closing_is_left_out_unless_asked_for(root):
    path = root / "episodes" / IDS[1] / f"{IDS[1]}.mcap"
    with path.open("r+b") as stream:
        stream.seek(-20, os.SEEK_END)
        stream.write(b"\0")
    selection = select(root, "all", include_failed=False)
    assert chosen(selection) == (IDS[0], IDS[2])
    assert "SHA-256" in reasons(selection)[IDS[1]]
    assert chosen(select(root, "all", include_failed=True)) == IDS


def test_a_folder_that_is_no_episode_is_left_out(root):
    (root / "episodes" / "notes").mkdir()
    (root / "episodes" / "torn").mkdir()
    (root / "episodes" / "torn" / "manifest.json").write_text('{"episode_id": ')
    left_out = reasons(select(root, "all", include_failed=False))
    assert "has no manifest.json" in left_out["notes"]
    assert "is not JSON" in left_out["torn"]


def test_one_episode_can_be_named_alone(root):
    selection = select(root / "episodes" / IDS[2], "all", include_failed=False)
    assert chosen(selection) == (IDS[2],)


@pytest.mark.parametrize("folder", ["", "episodes"])
def test_a_root_without_episodes_is_refused(tmp_path, folder):
    (tmp_path / folder).mkdir(exist_ok=True)
    with pytest.raises(UnreadableError, match="record"):
        select(tmp_path, "all", include_failed=False)


def test_the_hash_is_of_the_only_recording(root):
    folder = root / "episodes" / IDS[0]
    manifest = json.loads((folder / "manifest.json").read_text())
    (chosen, *_) = select(root, "success", include_failed=False).chosen
    assert chosen.mcap_sha256 == manifest["hashes"]["mcap_sha256"]
    (folder / "second.mcap").touch()
    selection = select(root, "success", include_failed=False)
    assert "holds 2 .mcap files" in reasons(selection)[IDS[0]]
