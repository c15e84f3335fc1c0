import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.rig_files import URDF, load_tiny
from support.rig_observations import good_context, spoiled

from teleop_collect.clock import NS_PER_S, FakeClock
from teleop_collect.errors import UnreadableError
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.kept_report import keep_report, kept_report
from teleop_collect.rig.checks.report import RigCheckReport
from teleop_collect.rig.checks.run import CHECKS, NAMES, run_checks

DAY_S = 86_400.0


def _report(tmp_path: Path, **wrench: object) -> tuple[RigCheckReport, FakeClock]:
    context = good_context(load_tiny(tmp_path), tmp_path / "recordings")
    clock = FakeClock()
    return _judged(spoiled(context, "follower/wrench", **wrench), clock), clock


def _judged(context: CheckContext, clock: FakeClock) -> RigCheckReport:
    return RigCheckReport.of(context.loaded, clock.utc_ns(), run_checks(context))


def test_a_good_rig_opens_the_gate(tmp_path: Path):
    report, clock = _report(tmp_path)
    loaded = load_tiny(tmp_path)
    assert (report.result, report.rig, report.rig_sha256) == ("pass", "tiny", loaded.sha256)
    assert report.at_ns == clock.utc_ns()
    assert [r.check for r in report.results] == [c.name for c in CHECKS]
    assert report.is_valid_for(loaded, clock.utc_ns(), DAY_S) is None


def test_an_error_shuts_the_gate_and_says_why(tmp_path: Path):
    report, clock = _report(tmp_path, changes=0)
    assert report.result == "fail"
    assert report.is_valid_for(load_tiny(tmp_path), clock.utc_ns(), DAY_S) == (
        "the rig check failed: wrench_alive: follower/wrench: frozen: 0 of 1001 samples differ "
        "from the one before"
    )


def test_a_warning_does_not_shut_the_gate(tmp_path: Path):
    context = good_context(load_tiny(tmp_path), tmp_path)
    full = replace(context, machine=replace(context.machine, shm_free_bytes=0))
    report = _judged(full, FakeClock())
    found = [r.check for r in report.results if not r.passed and r.severity != "info"]
    assert found == ["shared_memory"]
    assert report.result == "pass"


@pytest.mark.parametrize(
    ("age_s", "reason"),
    [
        (DAY_S, None),
        (
            DAY_S + 1,
            "the rig check is 86401 s old; the limit is 86400 s; run the rig check again",
        ),
        (-30, None),
        (
            -3600,
            "the rig check is stamped 3600 s in the future: set the clock; run the rig check again",
        ),
    ],
)
def test_the_report_ages(tmp_path: Path, age_s: float, reason: str | None):
    report, clock = _report(tmp_path)
    now_ns = clock.utc_ns() + round(age_s * NS_PER_S)
    assert report.is_valid_for(load_tiny(tmp_path), now_ns, DAY_S) == reason


def test_a_changed_rig_file_shuts_the_gate(tmp_path: Path):
    report, clock = _report(tmp_path)
    changed = load_tiny(tmp_path, ("gripper: {id: 2,", "gripper: {id: 2, zero_rad: 0.1,"))
    assert report.is_valid_for(changed, clock.utc_ns(), DAY_S) == (
        f"the rig file {changed.path} is not the one that was checked; run the rig check again"
    )


def test_a_changed_or_missing_urdf_shuts_the_gate(tmp_path: Path):
    report, clock = _report(tmp_path)
    loaded = load_tiny(tmp_path)
    urdf = tmp_path / "robot.urdf"
    urdf.write_text(URDF + "<!-- -->")
    assert report.is_valid_for(loaded, clock.utc_ns(), DAY_S) == (
        "the robot description is not the one that was checked; run the rig check again"
    )
    urdf.unlink()
    assert report.is_valid_for(loaded, clock.utc_ns(), DAY_S) == (
        f"the robot description cannot be read: no such file: {urdf}"
    )


@pytest.mark.parametrize("wrench", [{}, {"changes": 0}])
def test_the_report_survives_json(tmp_path: Path, wrench: dict[str, object]):
    report, _ = _report(tmp_path, **wrench)
    text = report.to_json()
    assert RigCheckReport.from_json(text) == report
    assert json.loads(text)["schema"] == "teleop_collect.rig_check/1"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "the document"),
        ("[]", "the document"),
        ("{}", "schema"),
        ('{"schema": "teleop_collect.rig_check/2"}', "schema"),
    ],
)
def test_another_document_is_refused(text: str, where: str):
    with pytest.raises(UnreadableError) as caught:
        RigCheckReport.from_json(text)
    assert str(caught.value) == (
        f"not a rig check result (teleop_collect.rig_check/1): {where} is missing or wrong"
    )


def test_a_new_calibration_shuts_the_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    report, clock = _report(tmp_path)
    loaded = load_tiny(tmp_path)
    monkeypatch.setattr(
        "teleop_collect.rig.checks.report.current_calibration_sha256", lambda loaded: "another"
    )
    assert report.is_valid_for(loaded, clock.utc_ns(), DAY_S) == (
        "the calibration is not the one that was checked; run the rig check again"
    )
    assert not report.is_of(loaded)


def test_a_quick_check_renews_results_but_not_the_age(tmp_path: Path):
    report, clock = _report(tmp_path)
    bad = replace(report.results[NAMES.index("stream_rates")], passed=False, message="too slow")

    renewed = report.renewed((bad,), clock.utc_ns() + 5 * NS_PER_S)

    assert (renewed.result, renewed.at_ns) == ("fail", report.at_ns)
    assert renewed.quick_at_ns == clock.utc_ns() + 5 * NS_PER_S
    assert [r.check for r in renewed.failures()] == ["stream_rates"]
    again = replace(bad, passed=True)
    assert renewed.renewed((again,), clock.utc_ns()).result == "pass"
    assert RigCheckReport.from_json(renewed.to_json()) == renewed


@pytest.mark.parametrize("wrench", [{}, {"changes": 0}])
def test_a_report_is_kept_for_the_next_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrench: dict[str, object]
):
    monkeypatch.setenv("TELEOP_COLLECT_RUNTIME", str(tmp_path / "run"))
    report, _ = _report(tmp_path, **wrench)
    loaded = load_tiny(tmp_path)
    assert kept_report(loaded) is None

    keep_report(report)

    assert kept_report(loaded) == report
    (tmp_path / "robot.urdf").write_text(URDF + "<!-- -->")
    assert kept_report(loaded) is None
    (tmp_path / "robot.urdf").write_text(URDF)
    (kept,) = (tmp_path / "run").glob("*.json")
    kept.write_text("{")
    assert kept_report(loaded) is None
