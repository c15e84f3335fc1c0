"""What an episode carries of its rig's calibrations."""

from pathlib import Path

import pytest
from mcap.reader import make_reader
from support.calibrations import calibration_of
from support.recorder_rig import SOFTWARE, STREAMS, request
from support.rig_files import load_tiny

from teleop_collect.clock import FakeClock
from teleop_collect.recording.recorder import EpisodeRecorder
from teleop_collect.rig.calibration.store import FOLDER_VARIABLE, write_calibration
from teleop_collect.rig.hashes import calibration_sha256, sha256_bytes

NAME = "calibration/leader.leader.json"


def test_calibrations_are_attached_and_hashed_in_the_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "calibration"))
    loaded = load_tiny(tmp_path)
    stored = write_calibration(loaded, calibration_of(loaded))
    core = EpisodeRecorder(loaded, tmp_path / "root", FakeClock(), STREAMS, SOFTWARE)
    core.start(request(task_id="pick"))
    result = core.stop()
    core.close()
    manifest = result.manifest
    assert manifest.calibrations == {NAME: sha256_bytes(stored.path.read_bytes())}
    assert manifest.hashes.calibration != calibration_sha256(loaded.rig)
    with (result.path / f"{manifest.episode_id}.mcap").open("rb") as stream:
        attached = {a.name: a.data for a in make_reader(stream).iter_attachments()}
    assert attached[NAME] == stored.path.read_bytes()
