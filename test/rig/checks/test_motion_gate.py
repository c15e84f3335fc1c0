"""What a test motion said stands until the next one, and the gate asks for it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.rig_files import load_tiny
from support.rig_observations import good_context

from teleop_collect.clock import NS_PER_S, FakeClock
from teleop_collect.recording.request import StartRequest, rig_check_record
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.motion_gate import MOTION, motion_reason, moves_by_itself
from teleop_collect.rig.checks.report import RigCheckReport
from teleop_collect.rig.checks.run import run_checks
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.rehearsal import emulated_rig

DAY_S = 86_400.0
AT_NS = FakeClock().utc_ns()


@pytest.fixture
def context(tmp_path: Path) -> CheckContext:
    return good_context(load_tiny(tmp_path), tmp_path)


def _still(context: CheckContext) -> CheckContext:
    return replace(context, motions={}, poses={})


def _stuck(context: CheckContext) -> CheckContext:
    record = context.motions["main"]
    measured = record.measured.copy()
    measured[:, 0] = 0.0
    return replace(context, motions={"main": replace(record, measured=measured)})


def _report(
    context: CheckContext, at_s: float = 0.0, before: RigCheckReport | None = None
) -> RigCheckReport:
    at_ns = AT_NS + round(at_s * NS_PER_S)
    return RigCheckReport.of(context.loaded, at_ns, run_checks(context), before)


def _reason(report: RigCheckReport, context: CheckContext, at_s: float = 0.0) -> str | None:
    return report.is_valid_for(context.loaded, AT_NS + round(at_s * NS_PER_S), DAY_S)


def test_without_a_motion_the_gate_stays_shut_and_names_what_to_run(context: CheckContext):
    report = _report(_still(context))

    assert report.result == "pass"
    reason = _reason(report, context)
    assert reason is not None
    assert all(name in reason for name in MOTION)
    assert f"`teleop-collect check --rig {context.loaded.path} --motion`" in reason
    assert "(arm 'main': leader and follower were not compared in two postures; the arm was" in (
        reason
    )


def test_on_hardware_nobody_must_hold_leader_and_follower_alike():
    loaded = load_rig("koch_v1_1")
    asked = motion_reason(loaded.rig, "koch_v1_1", (), {}, AT_NS, DAY_S)
    assert "`teleop-collect check --rig koch_v1_1 --motion`" in str(asked)
    moved = dict.fromkeys(MOTION - {"leader_follower_poses"}, AT_NS)
    assert motion_reason(loaded.rig, "koch_v1_1", (), moved, AT_NS, DAY_S) is None


def test_a_failed_motion_stands_until_the_arm_has_moved_again(context: CheckContext):
    failed = _report(_stuck(context))
    still = _report(_still(context), 10, failed)

    assert "follower_stuck: does not move when commanded" in str(_reason(still, context))
    assert not still.has_moved_well(context.loaded, AT_NS)
    kept = RigCheckReport.from_json(still.to_json())
    assert kept == still
    moved = _report(context, 20, kept)
    assert _reason(moved, context) is None
    assert moved.has_moved_well(context.loaded, AT_NS)


def test_a_motion_that_passed_stands_for_a_day_and_no_longer(context: CheckContext):
    report = _report(context)
    for at_s in (3600, DAY_S - 1):
        report = _report(_still(context), at_s, report)
        assert _reason(report, context, at_s) is None

    late = _report(_still(context), DAY_S + 1, report)
    assert "(too old); run `teleop-collect check" in str(_reason(late, context, DAY_S + 1))


def test_a_motion_that_was_not_begun_says_nothing_of_the_arm(context: CheckContext):
    record = context.motions["main"]
    refused = replace(
        record, sent_ns=record.sent_ns[:0], sent=record.sent[:0], stopped="teleoperation is engaged"
    )
    engaged = replace(context, motions={"main": refused}, poses={})

    assert _reason(_report(engaged, 10, _report(context)), context) is None
    shut = _reason(_report(engaged), context)
    assert "the test motion was not begun: arm 'main': teleoperation is engaged" in str(shut)


def test_motion_checks_are_turned_off_by_name_and_the_manifest_says_so(tmp_path: Path):
    loaded = load_tiny(tmp_path, ("name: tiny", "name: tiny\ncheck: {motion_rad: 0}"))
    still = replace(good_context(loaded, tmp_path), motions={}, poses={})
    report = _report(still)

    assert _reason(report, still) is None
    assert set(report.checks_off) == MOTION
    request = StartRequest(task_id="pick", rig_check=json.loads(report.to_json()))
    assert set(rig_check_record(request).checks_off) == MOTION


@pytest.mark.parametrize(
    ("name", "emulated", "own"),
    [
        ("sim_tabletop", False, True),
        ("sim_bimanual", False, True),
        ("koch_v1_1", False, False),
        ("koch_v1_1", True, True),
        ("aloha", True, True),
        ("gello_ur5e", True, False),
    ],
)
def test_only_simulated_arms_move_unasked(tmp_path: Path, name: str, emulated: bool, own: bool):
    loaded = load_rig(name)
    loaded = emulated_rig(loaded, tmp_path) if emulated else loaded
    assert moves_by_itself(loaded.rig) is own
    off = loaded.rig.check.model_copy(update={"motion_rad": 0.0})
    assert not moves_by_itself(loaded.rig.model_copy(update={"check": off}))
