"""What a rig looked like when it was good: measured, written, read back."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.rig_files import load_tiny
from support.rig_observations import good_context, spoiled

from teleop_collect.errors import CheckFailed, UnreadableError
from teleop_collect.rig.calibration.store import FOLDER_VARIABLE, calibration_folder
from teleop_collect.rig.checks.baseline import load_baseline
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.measured_baseline import store_baseline
from teleop_collect.rig.checks.run import CHECKS

COLOR = "cameras/scene/color/image_raw"


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CheckContext:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "calibration"))
    return replace(good_context(load_tiny(tmp_path), tmp_path), baseline=None)


def test_a_saved_baseline_is_what_later_checks_compare_with(context: CheckContext):
    path = store_baseline(context)

    kept = load_baseline(calibration_folder(context.loaded), "tiny")
    assert kept is not None
    assert (path.name, kept.rig, kept.made_ns) == ("baseline.json", "tiny", context.now_ns)
    assert kept.ages_s[COLOR] == pytest.approx(0.002)
    assert (path.parent / "scene.png").read_bytes().startswith(b"\x89PNG")
    compared = {"camera_sharpness", "camera_exposure", "clock_offset", "depth_scale"}
    for check in (c for c in CHECKS if c.name in compared):
        assert check.run(replace(context, baseline=kept)).passed, check.name


def test_without_an_image_no_baseline_is_written(context: CheckContext):
    with pytest.raises(CheckFailed, match="camera scene sent no image"):
        store_baseline(spoiled(context, COLOR, pictures=()))
    assert load_baseline(calibration_folder(context.loaded), "tiny") is None


def test_another_rigs_baseline_and_a_damaged_one_are_refused(context: CheckContext):
    path, folder = store_baseline(context), calibration_folder(context.loaded)
    with pytest.raises(UnreadableError, match="is the baseline of rig tiny; save it again"):
        load_baseline(folder, "other")
    path.write_text("{")
    with pytest.raises(UnreadableError, match="is no baseline of a rig check; save it again"):
        load_baseline(folder, "tiny")
