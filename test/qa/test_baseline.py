"""Exposure and blur are judged against the baseline that the rig check stored."""

from pathlib import Path

import numpy as np
import pytest
from support import planted_pixels as pixels
from support import synthetic_episode
from support.planted_kinds import COLOR
from support.synthetic_episode import START_NS, write_episode

from teleop_collect.qa.findings import QaReport
from teleop_collect.qa.run import check_episode
from teleop_collect.rig.checks.baseline import BASELINE_FILE, Baseline, CameraBaseline

OPTIONS = {"duration_s": 1.0, "cameras": ("scene",), "size": (160, 120)}


@pytest.fixture
def measured(tmp_path: Path) -> CameraBaseline:
    report = check_episode(write_episode(tmp_path / "before", **OPTIONS))
    brightness = report.measure("image_exposure", "mean", COLOR)
    sharpness = report.measure("image_blur", "laplacian_variance", COLOR)
    return CameraBaseline(
        serial="", width=160, height=120, brightness=brightness, sharpness=sharpness
    )


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measured: CameraBaseline):
    def run(*defects: pixels.Defect, content: bytes | None = None) -> QaReport:
        baseline = Baseline(
            rig="sim_tabletop",
            made_ns=START_NS,
            software_version="0.1.0",
            ages_s={},
            cameras={"scene": measured},
        )
        data = baseline.model_dump_json(by_alias=True).encode() if content is None else content
        honest = synthetic_episode.attachments()
        document = (BASELINE_FILE, "application/json", data)
        monkeypatch.setattr(synthetic_episode, "attachments", lambda *_: [*honest, document])
        return check_episode(write_episode(tmp_path, defects=defects, **OPTIONS))

    return run


def test_a_camera_as_it_was_is_good(check):
    report = check()
    assert report.findings == ()
    assert report.measure("exposure_baseline", "change", COLOR) == pytest.approx(0, abs=0.01)


def test_a_camera_half_as_bright_is_for_review_though_no_absolute_limit_is_crossed(check):
    report = check(pixels.dimmed(COLOR, 0.5))
    findings = {f.check: f for f in report.findings}
    assert set(findings) <= {"exposure_baseline", "image_blur"}
    assert findings["exposure_baseline"].measured == pytest.approx(50, abs=2)


def test_a_slight_blur_is_found_against_the_baseline_alone(check, measured: CameraBaseline):
    report = check(pixels.blurred(COLOR, 3))
    findings = [f for f in report.findings if f.check == "image_blur"]
    assert [f.limit for f in findings] == [pytest.approx(0.5 * measured.sharpness)]


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b"[" * 10_000])
def test_a_damaged_baseline_is_none(check, content: bytes):
    report = check(content=content)
    assert np.isnan(report.measure("exposure_baseline", "change", COLOR) or np.nan)
    assert report.findings == ()
