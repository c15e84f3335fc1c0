"""Checks of what drivers and force-torque sensors say."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from support.calibrations import calibration_of
from support.rig_files import load_tiny
from support.rig_observations import good_context, joints, spoiled

from teleop_collect import topics
from teleop_collect.rig.calibration.store import (
    FOLDER_VARIABLE,
    load_calibrations,
    write_calibration,
)
from teleop_collect.rig.calibration.values import WrenchLoad
from teleop_collect.rig.checks.adapter_latency import AdapterLatency
from teleop_collect.rig.checks.driver_status import DriverStatus, DriverStatuses
from teleop_collect.rig.checks.drivers_healthy import DriversHealthy
from teleop_collect.rig.checks.observation import Observer
from teleop_collect.rig.checks.wrench_bias import WrenchBias
from teleop_collect.rig.checks.wrench_gravity import WrenchGravity
from teleop_collect.samples import WrenchSample

WRENCH = "follower/wrench"


def told(tmp_path: Path, **statuses: DriverStatus):
    """A good context in which drivers say something else; `__` stands for `: `."""
    by_name = {name.replace("__", ": "): status for name, status in statuses.items()}
    return spoiled(
        good_context(load_tiny(tmp_path), tmp_path),
        topics.DIAGNOSTICS,
        sample=DriverStatuses(by_name),
    )


def status(level: str = "ok", message: str = "reading", **values: str) -> DriverStatus:
    return DriverStatus(level, message, values)


def test_a_drivers_error_is_the_checks_error(tmp_path: Path):
    context = told(
        tmp_path,
        leader_arm__main=status(),
        follower_arm__main=status("error", "servo 2 (elbow) does not answer"),
    )
    result = DriversHealthy().run(context)
    assert (result.passed, result.severity) == (False, "error")
    assert (result.measured, result.limit) == (1, 0)
    assert result.message == "follower_arm: main: servo 2 (elbow) does not answer"


def test_a_camera_is_a_driver_whatever_its_name(tmp_path: Path):
    context = told(tmp_path, camera_top__top=status("error", "no camera with serial X"))
    assert DriversHealthy().run(context).message == "camera_top: top: no camera with serial X"


def test_errors_of_others_are_not_the_drivers(tmp_path: Path):
    context = told(tmp_path, leader_arm__main=status(), recorder__x=status("error", "no"))
    assert DriversHealthy().run(context).passed


def test_silent_drivers_are_unknown_and_not_well(tmp_path: Path):
    result = DriversHealthy().run(told(tmp_path))
    assert (result.passed, result.measured) == (False, "unknown")


@pytest.mark.parametrize(
    ("latency_ms", "passed", "measured"),
    [("1.0", True, None), ("unknown", True, None), ("16.0", False, 16.0)],
)
def test_the_latency_timer_of_an_adapter(
    tmp_path: Path, latency_ms: str, passed: bool, measured: float | None
):
    context = told(tmp_path, leader_arm__main=status(latency_timer_ms=latency_ms))
    result = AdapterLatency().run(context)
    assert (result.passed, result.measured, result.severity) == (passed, measured, "warning")
    assert passed or result.message == "latency timer of leader_arm: main: 16 ms"
    assert passed or "udev install" in result.todo


@pytest.mark.parametrize(
    ("force_n", "passed", "measured"),
    [((0.0, 3.0, 4.0), True, 5.0), ((0.0, 6.0, 8.0), False, 10.0), (None, False, "unknown")],
)
def test_the_bias_of_a_wrench_at_rest(tmp_path: Path, force_n, passed: bool, measured):
    loaded = load_tiny(tmp_path, ("rate_hz: 500, ", "rate_hz: 500, max_bias_n: 6.0, "))
    context = spoiled(good_context(loaded, tmp_path), WRENCH, mean_force_n=force_n)
    result = WrenchBias().run(context)
    assert (result.passed, result.measured, result.limit) == (passed, measured, 6.0)
    if force_n and not passed:
        assert result.message == "follower/wrench: 10.0 N at rest, limit 6 N"


def test_the_mean_force_leaves_out_what_is_not_finite():
    observer = Observer(WRENCH)
    for x in (1.0, float("nan"), 3.0):
        observer.receive(0, 0, WrenchSample(0, "ft", (x, 0.0, -2.0), (0.0, 0.0, 0.0)))
    seen = observer.observation((), 1, None)
    assert seen.mean_force_n == (2.0, 0.0, -2.0)
    assert seen.non_finite == 1


def test_diagnostics_of_several_drivers_are_kept_together_the_newest_of_each():
    observer = Observer(topics.DIAGNOSTICS)
    for name, level in (("a", "ok"), ("b", "ok"), ("a", "error")):
        observer.receive(0, 0, DriverStatuses({name: status(level)}))
    sample = observer.observation((), 2, None).sample
    assert isinstance(sample, DriverStatuses)
    assert {name: s.level for name, s in sample.by_name.items()} == {"a": "error", "b": "ok"}


GRAVITY_N = 9.80665


def test_the_weight_that_a_calibration_knows_is_no_bias(tmp_path: Path, monkeypatch):
    """At the tiny rig's posture the tool hangs along -z of the world."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "calibration"))
    loaded = load_tiny(tmp_path)
    load = WrenchLoad(
        frame_id="tool", bias_force_n=(1.0, 0.0, 0.0), bias_torque_nm=(0.0, 0.0, 0.0),
        tool_mass_kg=1.0, tool_center_m=(0.0, 0.0, 0.0),
    )  # fmt: skip
    write_calibration(loaded, calibration_of(loaded, "wrench", values=load))
    context = good_context(loaded, tmp_path)
    still = joints({"shoulder": 0.0, "gripper": 0.0})
    context = spoiled(context, "follower/joint_states", sample=still)
    weighed = spoiled(context, WRENCH, mean_force_n=(1.0, 0.0, -GRAVITY_N))
    assert not WrenchBias().run(weighed).passed, "without its calibration"
    known = replace(weighed, calibrations=load_calibrations(loaded))
    assert WrenchBias().run(known).passed
    biased = spoiled(known, WRENCH, mean_force_n=(7.0, 0.0, -GRAVITY_N))
    assert WrenchBias().run(biased).message == "follower/wrench: 6.0 N at rest, limit 5 N"

    # Half a radian about x the weight turns in the sensor's axes, as it should.
    turned = (1.0, -GRAVITY_N * math.sin(0.5), -GRAVITY_N * math.cos(0.5))
    record = replace(known.motions["main"], forces_n=((1.0, 0.0, -GRAVITY_N), turned))
    measured = record.measured.copy()
    measured[-1, 0] = 0.5
    record = replace(record, measured=measured)
    moved = replace(known, motions={"main": record})
    assert WrenchGravity().run(moved).passed
    assert not WrenchGravity().run(replace(moved, calibrations=None)).passed
