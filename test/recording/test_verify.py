import json
from pathlib import Path

import pytest
from support.recorder_rig import JOINTS, NS, joint_state, recorder, request

from teleop_collect.cli.main import main
from teleop_collect.recording.verify import verify


@pytest.fixture
def episode(tmp_path: Path) -> Path:
    core = recorder(tmp_path, chunk_bytes=4096)
    core.start(request())
    for n in range(100):
        core.offer(JOINTS, joint_state(1_700_000_000 * NS + n, n), 1_700_000_000 * NS + n)
    result = core.stop()
    core.close()
    return result.path


def mcap_of(folder: Path) -> Path:
    return folder / f"{folder.name}.mcap"


def edit_manifest(folder: Path, edit) -> None:
    path = folder / "manifest.json"
    document = json.loads(path.read_text())
    edit(document)
    path.write_text(json.dumps(document))


def test_a_whole_episode_is_good(episode: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (episode, mcap_of(episode)):
        found = verify(path)
        assert (found.messages, found.problems) == (100, ())
    assert main(["verify", str(episode), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["good"] is True


def test_every_changed_bit_is_found_by_the_hash(episode: Path) -> None:
    path = mcap_of(episode)
    raw = bytearray(path.read_bytes())
    for position in range(8, len(raw), len(raw) // 40):
        raw[position] ^= 4
        path.write_bytes(raw)
        assert any("SHA-256" in p for p in verify(episode).problems)
        raw[position] ^= 4
    path.write_bytes(raw)
    assert verify(episode).problems == ()


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda m: m["streams"][JOINTS].update(received=101), "received 101 is not written 100"),
        (lambda m: m["streams"][JOINTS].update(written=99), "states 99 messages, found 100"),
        (lambda m: m["streams"].pop(JOINTS), "not in the manifest"),
        (lambda m: m.update(episode_id="other"), "is of episode other"),
        (lambda m: m["hashes"].update(mcap_sha256=None), "states None"),
    ],
)
def test_wrong_accounts_are_found(episode: Path, edit, problem: str) -> None:
    edit_manifest(episode, edit)
    assert any(problem in p for p in verify(episode).problems)
    assert main(["verify", str(episode)]) == 1


def test_a_cut_file_is_bad_and_no_file_is_unreadable(
    episode: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lone = tmp_path / "cut.mcap"
    lone.write_bytes(mcap_of(episode).read_bytes()[:-5])
    assert "does not end as an MCAP file does" in " ".join(verify(lone).problems)
    assert main(["verify", str(tmp_path / "missing")]) == 2
    lone.write_bytes(b"x")
    assert main(["verify", str(lone)]) == 2
    edit_manifest(episode, lambda m: m.pop("task"))
    assert main(["verify", str(episode)]) == 2
    assert "task: Field required" in capsys.readouterr().err
