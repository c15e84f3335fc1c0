"""`view --save`: what an episode looks like in Rerun, read back from the file."""

import sys
from pathlib import Path

import pytest
import rerun.chunk
from support.synthetic_episode import JOINTS, write_episode

from teleop_collect.cli.main import main
from teleop_collect.errors import install_command

pytestmark = pytest.mark.timeout(180)


def saved(episode: Path, out: Path, *options: str) -> dict[str, int]:
    """Rows by entity path."""
    assert main(["view", str(episode), "--save", str(out), *options]) == 0
    rows: dict[str, int] = {}
    for chunk in rerun.chunk.RrdReader(str(out)).stream().to_chunks():
        if not chunk.is_static:
            rows[chunk.entity_path] = rows.get(chunk.entity_path, 0) + chunk.num_rows
    return rows


def test_everything_of_an_episode_is_in_the_file(tmp_path: Path):
    folder = write_episode(tmp_path, duration_s=1.0)
    out = tmp_path / "episode.rrd"
    rows = saved(folder, out, "--image-hz", "10")

    for joint in JOINTS:
        for role in ("requested", "sent", "measured", "leader"):
            assert rows[f"/arms/main/joints/{joint}/{role}"] == 200
        assert rows[f"/robot/main_joints/{joint}"] == 200
    for axis in "xyz":
        assert rows[f"/arms/main/force_n/{axis}"] == 500
        assert rows[f"/arms/main/torque_nm/{axis}"] == 500
    for camera in ("scene", "wrist"):
        for kind in ("color", "depth"):
            assert rows[f"/cameras/{camera}/{kind}"] == pytest.approx(10, abs=1)
    assert {"/events", "/objects/cube", "/objects/bin"} <= rows.keys()
    reader = rerun.chunk.RrdReader(str(out))
    assert [entry.application_id for entry in reader.blueprints()] == ["teleop_collect"]
    times = {
        name
        for chunk in reader.stream().to_chunks()
        if chunk.entity_path == "/arms/main/force_n/x" and not chunk.is_static
        for name in chunk.timeline_names
    }
    assert times == {"t", "utc"}


def test_a_recording_of_others_without_a_rig_is_drawn_as_far_as_it_is_understood(tmp_path: Path):
    folder = write_episode(tmp_path, duration_s=0.5, cameras=())
    bare = tmp_path / "bag.mcap"
    next(folder.glob("*.mcap")).rename(bare)
    rows = saved(bare, tmp_path / "bag.rrd")
    assert rows["/arms/main/joints/elbow/measured"] == 100


def test_without_the_extra_the_error_names_it(tmp_path, capsys, monkeypatch):
    folder = write_episode(tmp_path, duration_s=0.2, cameras=())
    monkeypatch.setitem(sys.modules, "rerun", None)
    assert main(["view", str(folder), "--save", str(tmp_path / "x.rrd")]) == 2
    assert install_command("view") in capsys.readouterr().err
    assert not (tmp_path / "x.rrd").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--image-hz", "0"], "image_hz is 0; it must be over 0"),
        (["--save", "/nowhere/x.rrd"], "No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path, capsys, options, message):
    folder = write_episode(tmp_path, duration_s=0.2, cameras=())
    words = options if "--save" in options else [*options, "--save", str(tmp_path / "x.rrd")]
    assert main(["view", str(folder), *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
