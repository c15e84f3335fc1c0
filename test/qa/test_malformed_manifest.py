"""Whatever a manifest says, checking, listing and showing end in an answer or in one message."""

import copy
import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.synthetic_episode import write_episode

from teleop_collect.cli.main import main
from teleop_collect.errors import UnreadableError
from teleop_collect.qa.report.dataset import examine

VALUES: tuple[Any, ...] = (None, [], {}, "x", "/task", -1, 0, 2**70, 1e300, True, [{}], {"a": [1]})
KEPT_STREAMS = ("/follower/joint_states", "/cameras/scene/color/image_raw", "/task")


def paths(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key path of a JSON object; of its streams three stand for all."""
    if not isinstance(value, dict):
        return
    for key in value:
        if path == ("streams",) and key not in KEPT_STREAMS:
            continue
        yield (*path, key)
        yield from paths(value[key], (*path, key))


def cases(manifest: dict[str, Any]) -> list[tuple[tuple[str, ...], Any]]:
    everything = [(path, value) for path in paths(manifest) for value in VALUES]
    random.Random(0).shuffle(everything)
    return everything[:120]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    return write_episode(root, duration_s=0.15, cameras=("scene",), size=(16, 16))


def test_any_value_in_any_place(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = tmp_path / "root"
    copied = root / "episodes" / folder.name
    shutil.copytree(folder, copied)
    manifest = json.loads((folder / "manifest.json").read_text())
    for path, value in cases(manifest):
        edited = copy.deepcopy(manifest)
        place = edited
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        (copied / "manifest.json").write_text(json.dumps(edited))
        try:
            entry = examine(copied, draw=True)
            json.dumps(entry.document, allow_nan=False)
        except UnreadableError as error:
            assert "manifest.json" in str(error)  # noqa: PT017
        assert main(["episodes", "show", str(copied), "--json"]) in (0, 2), (path, value)
        assert main(["episodes", "list", str(root), "--json"]) == 0
        capsys.readouterr()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_does_not_have(folder: Path, tmp_path: Path, number: str):
    copied = tmp_path / folder.name
    shutil.copytree(folder, copied)
    text = (copied / "manifest.json").read_text()
    (copied / "manifest.json").write_text(
        text.replace('"duration_s": 0.15', f'"duration_s": {number}')
    )
    with pytest.raises(UnreadableError, match="no finite number"):
        examine(copied, draw=False)
