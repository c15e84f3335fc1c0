import json
from pathlib import Path

import pytest
from support.recorder_rig import recorder, request

from teleop_collect.cli.main import main


@pytest.fixture
def root(tmp_path: Path) -> Path:
    core = recorder(tmp_path)
    for _ in range(2):
        core.start(request())
        core.stop()
    core.close()
    return tmp_path


def verify(*arguments: object) -> int:
    return main(["verify", *map(str, arguments)])


def test_a_root_is_checked_episode_by_episode(root: Path, capsys) -> None:
    assert verify(root) == 0
    assert capsys.readouterr().out.count("good, 0 messages") == 2
    first, _ = sorted((root / "episodes").iterdir())
    with next(first.glob("*.mcap")).open("r+b") as stream:
        stream.seek(200)
        stream.write(b"\0\0\0")
    assert verify(root) == 1
    assert (out := capsys.readouterr().out).count("good") == 1
    assert f"{first.name}.mcap: bad" in out


def test_several_paths_and_what_cannot_be_read_among_them(root: Path, capsys) -> None:
    first, second = sorted((root / "episodes").iterdir())
    (first / "manifest.json").unlink()
    assert verify(first, second, "--json") == 1
    bad, good = json.loads(capsys.readouterr().out)
    assert (bad["good"], good["good"]) == (False, True)
    assert "cannot read" in bad["problems"][0]


def test_one_episode_answers_with_one_object(root: Path, capsys) -> None:
    first, _ = sorted((root / "episodes").iterdir())
    assert verify(first, "--json") == 0
    assert json.loads(capsys.readouterr().out)["messages"] == 0
    assert verify(root / "nothing") == 2
    assert "no such file" in capsys.readouterr().err
