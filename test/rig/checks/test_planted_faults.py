"""Checks of pictures, servos, sensors, clocks and files: each finds and names its fault."""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.calibrations import calibration_of
from support.rig_files import load_tiny
from support.rig_observations import (
    SERVO,
    good_context,
    joints,
    pictures,
    spoiled,
    trace_of,
)

from teleop_collect import topics
from teleop_collect.rig.calibration.store import (
    FOLDER_VARIABLE,
    load_calibrations,
    write_calibration,
)
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.disk_space import DiskSpace
from teleop_collect.rig.checks.driver_status import DriverStatus, DriverStatuses
from teleop_collect.rig.checks.edge_shift import edge_shift
from teleop_collect.rig.checks.machine import Machine
from teleop_collect.rig.checks.picture import Picture
from teleop_collect.rig.checks.run import CHECKS, LONG, MOTION, NAMES, QUICK, run_checks
from teleop_collect.rig.checks.trace import Timing
from teleop_collect.rig.checks.write_speed import WriteSpeed
from teleop_collect.rig.load import load_rig
from teleop_collect.samples import WrenchSample

COLOR = "cameras/scene/color/image_raw"
DEPTH = "cameras/scene/aligned_depth_to_color/image_raw"
FOLLOWER, WRENCH = "follower/joint_states", "follower/wrench"


@pytest.fixture
def context(tmp_path: Path) -> CheckContext:
    return good_context(load_tiny(tmp_path), tmp_path)


def _run(name: str, context: CheckContext):
    return next(check for check in CHECKS if check.name == name).run(context)


def _changed(context: CheckContext, topic: str, change) -> CheckContext:
    """Pictures of a topic after `change(pixels)`."""
    shown = tuple(
        Picture(p.stamp_ns, p.encoding, change(p.pixels))
        for p in context.observations[topic].pictures
    )
    return spoiled(context, topic, pictures=shown)


def _blurred(pixels):
    near = [np.roll(pixels.astype(int), shift, axis) for axis in (0, 1) for shift in range(-3, 4)]
    return (sum(near) // len(near)).astype(np.uint8)


PICTURES = [
    ("camera_exposure", COLOR, lambda p: (p * 0.05).astype(np.uint8), "mean brightness 4 of 255"),
    ("camera_exposure", COLOR, lambda p: (p * 0.5).astype(np.uint8), "-50% brighter than the base"),
    ("camera_sharpness", COLOR, _blurred, "as sharp as the baseline image"),
    ("camera_profile", COLOR, lambda p: p[::2], "colour is 64x24, the rig file says 64x48"),
    ("camera_frozen", COLOR, None, "camera scene repeats one image"),
    ("depth_scale", DEPTH, lambda p: p * 10, "camera scene: median depth is 12.00 m"),
    ("depth_scale", DEPTH, lambda p: p // 2, "median depth is 0.50 times that of the baseline"),
    ("depth_fill", DEPTH, lambda p: np.where(np.eye(48, 64), p, 0), "2% of the pixels have depth"),
    ("depth_noise", DEPTH, None, "of the distance"),
]


@pytest.mark.parametrize(("check", "topic", "change", "message"), PICTURES)
def test_a_bad_picture_is_found(context: CheckContext, check, topic, change, message):
    if check == "camera_frozen":
        shown = context.observations[topic].pictures
        broken = spoiled(context, topic, pictures=tuple(replace(p, stamp_ns=7) for p in shown))
    elif check == "depth_noise":
        noise = np.random.default_rng(0).normal(0, 80, (48, 64))
        broken = _changed(context, topic, lambda p: (p + noise).astype(np.uint16))
    else:
        broken = _changed(context, topic, change)
    result = _run(check, broken)
    assert (result.passed, result.severity) == (False, "error")
    assert message in result.message


@pytest.mark.parametrize("columns", [-4, 0, 4])
def test_the_shift_between_depth_and_colour_is_measured(tmp_path: Path, columns: int):
    loaded = load_tiny(tmp_path, ("width: 64", "width: 320"), ("height: 48", "height: 240"))
    (color, *_), (depth, *_) = pictures(loaded.rig.cameras["scene"])
    moved = Picture(0, "16UC1", np.roll(depth.pixels, columns, axis=1))
    found = edge_shift(color, moved)
    assert found is not None
    assert abs(found.columns + columns) <= 1
    assert abs(found.rows) <= 1


def _servo(context: CheckContext, **values: object) -> CheckContext:
    text = json.dumps({**SERVO, **values})
    status = DriverStatus("ok", "reading", {"latency_timer_ms": "1", "servo: shoulder": text})
    told = DriverStatuses({"leader_arm: leader main": status})
    return spoiled(context, topics.DIAGNOSTICS, sample=told)


@pytest.mark.parametrize(
    ("check", "values", "message"),
    [
        ("servo_power", {"voltage_v": 3.0}, "leader of arm 'main', shoulder: 3.0 V, at least 3.5"),
        ("servo_power", {"voltage_v": 12.0}, "12.0 V, at most 7.0 V allowed"),
        ("servo_power", {"temperature_c": 65}, "65 degrees C, it shuts down at 70"),
        ("servo_errors", {"hardware_error": 32}, "hardware error status 0x20"),
        ("servo_settings", {"return_delay_us": 500.0}, "answer delay of leader of arm 'main'"),
        ("servo_settings", {"firmware": 40}, "firmware 40, too old for fast reads"),
    ],
)
def test_a_bad_servo_is_found(context: CheckContext, check, values, message):
    result = _run(check, _servo(context, **values))
    assert not result.passed
    assert message in result.message


def test_a_malformed_servo_state_is_unknown_and_not_well(context: CheckContext):
    broken = DriverStatus("ok", "reading", {"servo: shoulder": '{"voltage_v": "high"'})
    told = DriverStatuses({"leader_arm: leader main": broken})
    result = _run("servo_power", spoiled(context, topics.DIAGNOSTICS, sample=told))
    assert (result.passed, result.measured) == (False, "unknown")


def test_depth_that_lies_beside_colour_is_found(tmp_path: Path):
    loaded = load_tiny(tmp_path, ("width: 64", "width: 320"), ("height: 48", "height: 240"))
    context = good_context(loaded, tmp_path)
    assert _run("depth_alignment", context).passed
    result = _run("depth_alignment", _changed(context, DEPTH, lambda p: np.roll(p, 4, axis=1)))
    assert (result.passed, result.severity, result.limit) == (False, "error", 2.5)
    assert result.message == "depth lies beside colour: camera scene: 4.0 px"


def test_an_old_calibration_is_named(context: CheckContext, tmp_path: Path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "calibration"))
    made = write_calibration(context.loaded, calibration_of(context.loaded)).calibration
    kept = replace(context, calibrations=load_calibrations(context.loaded))
    day_ns = 86_400 * 10**9
    assert _run("calibration_age", replace(kept, now_ns=made.made_ns + 89 * day_ns)).passed
    old = _run("calibration_age", replace(kept, now_ns=made.made_ns + 200 * day_ns))
    assert (old.passed, old.severity, old.measured, old.limit) == (False, "warning", 200.0, 90.0)
    assert old.message == "old calibrations: leader of leader: 200 days"


def test_limits_wider_than_a_servos_own_are_found(tmp_path: Path):
    loaded = load_rig("koch_v1_1")
    context = good_context(loaded, tmp_path)
    ((name, arm),) = loaded.rig.arms.items()

    def limited(low: int, high: int) -> CheckContext:
        text = json.dumps({**SERVO, "min_ticks": low, "max_ticks": high})
        status = DriverStatus("ok", "reading", {f"servo: {arm.joints[1]}": text})
        told = DriverStatuses({f"follower_arm: follower {name}": status})
        return spoiled(context, topics.DIAGNOSTICS, sample=told)

    result = _run("servo_limits", limited(2000, 2100))
    assert (result.passed, result.measured) == (False, 1)
    assert f"follower of arm '{name}', {arm.joints[1]}: limits" in result.message
    assert _run("servo_limits", limited(-20_000, 20_000)).passed
    silent = spoiled(context, topics.DIAGNOSTICS, sample=DriverStatuses({}))
    assert not _run("servo_limits", silent).passed


def test_a_camera_on_a_slow_cable_is_found_and_a_silent_one_is_not_passed(tmp_path: Path):
    loaded = load_rig("aloha")
    context = good_context(loaded, tmp_path)
    names = [n for n, c in loaded.rig.cameras.items() if c.driver == "realsense"]

    def told(**usb: str) -> CheckContext:
        said = {
            f"camera_{n}: camera {n}": DriverStatus("ok", "", {"usb": v}) for n, v in usb.items()
        }
        return spoiled(context, topics.DIAGNOSTICS, sample=DriverStatuses(said))

    fast = dict.fromkeys(names, "3.2")
    assert _run("camera_usb", told(**fast)).passed
    slow = _run("camera_usb", told(**{**fast, names[0]: "2.1"}))
    assert (slow.passed, slow.severity, slow.measured) == (False, "error", "2.1")
    assert slow.message == f"camera {names[0]}: USB 2.1"
    silent = _run("camera_usb", told())
    assert (silent.passed, silent.severity) == (False, "info")


def test_an_exchanged_camera_is_found(tmp_path: Path):
    loaded = load_tiny(
        tmp_path, ("  scene:\n    driver: sim", "  scene:\n    serial: A\n    driver: sim")
    )
    status = DriverStatus("ok", "reading", {"serial": "B"})
    told = DriverStatuses({"camera: camera scene": status})
    context = spoiled(good_context(loaded, tmp_path), topics.DIAGNOSTICS, sample=told)
    assert _run("device_serials", context).message == ("cameras/scene is B, the rig file says A")


def test_noisy_sensors_are_found(context: CheckContext):
    still = joints({"shoulder": 0.0, "gripper": 0.0})
    shaking = spoiled(context, FOLLOWER, trace=trace_of(still, 0.02))
    assert _run("encoder_noise", shaking).message.startswith("follower/joint_states: shoulder: 0.0")
    wrench = WrenchSample(0, "tool", (0, 0, 0), (0, 0, 0))
    loud = _run("wrench_noise", spoiled(context, WRENCH, trace=trace_of(wrench, 3.0)))
    assert loud.message.startswith("follower/wrench: 3.00 N")


def _aged(context: CheckContext, topic: str, change_ms) -> CheckContext:
    timing = context.observations[topic].timing
    shifted = timing.age_ns + np.round(change_ms(np.linspace(0, 1, len(timing.age_ns))) * 1e6)
    return spoiled(context, topic, timing=Timing(timing.receive_ns, shifted.astype(np.int64)))


def test_a_clock_that_was_stepped_before_is_found_by_the_baseline(context: CheckContext):
    result = _run("clock_offset", _aged(context, COLOR, lambda t: 50 + 0 * t))
    assert result.message == f"stamps have moved since the baseline: {COLOR}: +50 ms"


def test_a_clock_that_steps_while_it_is_watched_is_found(context: CheckContext):
    result = _run("clock_drift", _aged(context, FOLLOWER, lambda t: np.where(t > 0.5, -50, 0)))
    assert result.message == f"stamps moved while they were observed: {FOLLOWER}: 50 ms"


def test_a_machine_that_stalls_is_no_clock_that_steps(context: CheckContext):
    stalled = context
    for topic, seen in context.observations.items():
        if seen.timing is not None:
            stalled = _aged(stalled, topic, lambda t: np.where(t > 0.75, 200, 0))
    assert _run("clock_drift", stalled).passed


def test_a_step_of_this_machines_clock_is_found_though_all_streams_share_it(context: CheckContext):
    stepped = replace(context, machine=replace(context.machine, clock_step_s=0.05))
    result = _run("clock_drift", stepped)
    assert (result.passed, result.measured, result.limit) == (False, 0.05, 0.03)
    assert result.message == "this machine's clock stepped by +50 ms during the check"
    slewed = replace(context, machine=replace(context.machine, clock_step_s=0.001))
    assert _run("clock_drift", slewed).passed


def test_the_machine_is_judged(context: CheckContext):
    poor = Machine(8 << 30, 212_992, False, "unsynchronised", None, 150.0)
    for name, message in {
        "socket_buffers": "a socket may buffer 0.2 MB",
        "clock_sync": "the system clock is unsynchronised",
        "control_rate": "a loop of 200 Hz reaches 150.0 Hz",
    }.items():
        result = _run(name, replace(context, machine=poor))
        assert (result.passed, result.severity, result.message) == (False, "warning", message)


def test_disks_are_judged(context: CheckContext):
    def slowly(file, block: bytes) -> int:
        time.sleep(0.7)
        return 1000

    assert not WriteSpeed(write=slowly).run(context).passed
    recording = context.rig.recording.model_copy(update={"min_free_bytes": 1 << 60})
    rig = context.rig.model_copy(update={"recording": recording})
    assert not DiskSpace().run(replace(context, loaded=replace(context.loaded, rig=rig))).passed


def test_a_damaged_calibration_file_is_named(context: CheckContext, tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    path = tmp_path / "tiny" / "camera" / "cameras.scene" / "0001.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    found = replace(context, calibrations=load_calibrations(context.loaded))
    result = _run("calibration_files", found)
    assert (result.passed, result.measured) == (False, 1)
    assert str(path) in result.message


def test_a_check_that_fails_itself_says_so_and_ends_no_other(context: CheckContext):
    broken = spoiled(context, DEPTH, pictures=(Picture(0, "16UC1", None),))
    results = {result.check: result for result in run_checks(broken)}
    assert set(results) == set(NAMES)
    assert not results["depth_fill"].passed
    assert "cannot judge this" in results["depth_fill"].message


def test_the_quick_check_leaves_out_what_takes_long(context: CheckContext):
    assert set(QUICK) | LONG == set(NAMES)
    assert MOTION <= LONG
    assert [result.check for result in run_checks(context, QUICK)] == list(QUICK)
