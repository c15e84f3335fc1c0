"""Every planted defect is found by its check, where it is and with its size; good data passes."""

import copy
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support import planted_defects as plant
from support.synthetic_episode import JOINTS, NS, write_episode

from teleop_collect.errors import UnreadableError
from teleop_collect.qa.findings import Finding, QaReport
from teleop_collect.qa.registry import CHECKS
from teleop_collect.qa.run import check_episode

FOLLOWER, SENT = "/follower/joint_states", "/teleop/action_sent"
REQUESTED, STATUS = "/teleop/action_requested", "/teleop/status"
COLOR, WRENCH = "/cameras/scene/color/image_raw", "/follower/wrench"
DEPTH = "/cameras/scene/aligned_depth_to_color/image_raw"

Check = Callable[..., QaReport]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    def run(*defects: plant.Defect, **options: object) -> QaReport:
        arguments = {"cameras": ("scene",), "size": (32, 24), **options}
        return check_episode(write_episode(tmp_path, defects=defects, **arguments))

    return run


def found(report: QaReport, check: str, stream: str | None = None) -> list[Finding]:
    return [f for f in report.findings if f.check == check and f.stream == stream]


def only(report: QaReport, check: str, stream: str | None = None) -> Finding:
    findings = found(report, check, stream)
    assert len(findings) == 1, report.findings
    return findings[0]


@pytest.mark.parametrize("seed", range(5))
def test_a_good_episode_passes_without_any_finding(check: Check, seed: int):
    report = check(seed=seed, cameras=("scene", "wrist"))
    assert report.findings == ()
    assert report.verdict == "pass"


def test_measures_of_a_good_episode(check: Check):
    report = check()
    assert report.measure("action_state_lag", "median_ms", FOLLOWER) == pytest.approx(20, abs=0.2)
    assert report.measure("rates", "mean_hz", WRENCH) == pytest.approx(500, rel=1e-4)
    assert report.measure("duration", "covered_s") == pytest.approx(3.0, abs=0.01)
    assert report.measure("limiter_time", "limited_share") == 0.0
    assert report.measure("gaps", "missing_share", COLOR) == 0.0
    assert report.measure("depth_fill", "fill_share", DEPTH) == pytest.approx(0.97, abs=0.02)


def test_a_long_gap_fails_where_it_is(check: Check):
    report = check(plant.gap(FOLLOWER, 1.0, 1.3))
    longest, share = found(report, "gaps", FOLLOWER)
    assert (longest.severity, longest.limit, longest.unit) == ("fail", 200.0, "ms")
    assert longest.measured == pytest.approx(305, abs=1)
    assert longest.t_s == pytest.approx(0.9975, abs=1e-4)
    assert share.severity == "fail"
    assert share.measured == pytest.approx(100 * 60 / 600)
    assert report.measure("gaps", "gaps", FOLLOWER) == 1
    assert report.verdict == "fail"


@pytest.mark.parametrize(
    ("each", "severity", "missing"),
    [(200, "info", 3), (50, "review", 12), (10, "fail", 60)],
)
def test_scattered_losses_are_judged_by_their_share(
    check: Check, each: int, severity: str, missing: int
):
    report = check(plant.drop_each(FOLLOWER, each))
    finding = found(report, "gaps", FOLLOWER)[-1]
    # The very last sample is missing too, which no neighbour shows.
    assert report.measure("gaps", "gaps", FOLLOWER) == missing - 1
    assert finding.severity == severity
    assert finding.measured == pytest.approx(100 * (missing - 1) / 599)


@pytest.mark.parametrize(("start_s", "end_s"), [(0.0, 0.8), (2.2, 3.1)])
def test_a_stream_that_joins_late_or_stops_early_fails(check: Check, start_s: float, end_s: float):
    report = check(plant.gap(COLOR, start_s, end_s))
    longest = found(report, "gaps", COLOR)[0]
    assert longest.severity == "fail"
    assert longest.measured == pytest.approx(815, abs=20)


def test_depth_at_another_moment_than_its_colour_is_for_review(check: Check):
    finding = only(check(plant.later(DEPTH, 0.003)), "skew", COLOR)
    assert (finding.severity, finding.limit, finding.unit) == ("review", 1.5, "ms")
    assert finding.measured == pytest.approx(3.0, abs=0.01)


def test_depth_a_millisecond_beside_its_colour_is_good(check: Check):
    assert check(plant.later(DEPTH, 0.001)).verdict == "pass"


def test_a_halved_rate_fails(check: Check):
    finding = only(check(plant.keep_each(FOLLOWER, 2)), "rates", FOLLOWER)
    assert (finding.severity, finding.limit) == ("fail", 200.0)
    assert finding.measured == pytest.approx(100.0, rel=1e-3)


def test_a_rate_five_percent_low_is_for_review(check: Check):
    finding = only(check(plant.drop_each(WRENCH, 20)), "rates", WRENCH)
    assert finding.severity == "review"
    assert finding.measured == pytest.approx(475, rel=2e-3)


def test_commands_are_due_only_while_engaged(check: Check):
    rest = plant.status_values(1.0, 1.5, state="DISARMED")
    holes = [plant.gap(topic, 1.0, 1.5) for topic in (SENT, REQUESTED)]
    assert check(rest, *holes).verdict == "pass"


def test_commands_missing_while_engaged_fail(check: Check):
    report = check(plant.gap(SENT, 1.0, 1.5))
    assert found(report, "gaps", SENT)[0].severity == "fail"


def test_a_missing_required_stream_fails(check: Check):
    report = check(plant.without_stream(WRENCH))
    assert only(report, "required_streams", WRENCH).severity == "fail"
    assert found(report, "required_streams", FOLLOWER) == []


def test_a_ledger_that_does_not_match_the_file_fails(check: Check):
    written = plant.manifest_value(599, "streams", FOLLOWER, "written")
    dropped = plant.manifest_value(1, "streams", FOLLOWER, "dropped_queue")
    finding = only(check(written, dropped), "ledger_invariant", FOLLOWER)
    assert (finding.severity, finding.measured, finding.limit) == ("fail", 600, 599)


def test_a_ledger_that_does_not_balance_fails(check: Check):
    received = plant.manifest_value(601, "streams", FOLLOWER, "received")
    finding = only(check(received), "ledger_invariant", FOLLOWER)
    assert (finding.severity, finding.measured, finding.limit) == ("fail", 601, 600)


def test_a_stream_without_a_ledger_fails(check: Check):
    def forget(plan: plant.Plan) -> None:
        plan.manifest_edits.append(lambda manifest: manifest["streams"].pop(FOLLOWER))

    assert only(check(forget), "ledger_invariant", FOLLOWER).severity == "fail"


@pytest.mark.parametrize(("lost", "severity"), [(1, "info"), (12, "review"), (60, "fail")])
def test_counted_losses_are_judged_by_their_share(check: Check, lost: int, severity: str):
    entry = plant.manifest_value(lost, "streams", FOLLOWER, "lost_transport")
    finding = only(check(entry), "losses", FOLLOWER)
    assert finding.severity == severity
    assert finding.measured == pytest.approx(100 * lost / (600 + lost))


def test_losses_that_cannot_be_seen_are_said_and_not_judged(check: Check):
    report = check(plant.manifest_value("unknown", "streams", FOLLOWER, "lost_transport"))
    finding = only(report, "losses")
    assert (finding.severity, report.verdict) == ("info", "pass")
    assert FOLLOWER in finding.message


def test_stamps_that_go_back(check: Check):
    finding = only(check(plant.swapped_stamps(FOLLOWER, 200)), "monotonic_stamps", FOLLOWER)
    assert (finding.severity, finding.measured) == ("review", 1)
    assert finding.t_s == pytest.approx(1.0025, abs=1e-4)
    assert "older" in finding.message


def test_repeated_stamps(check: Check):
    finding = only(check(plant.repeated_stamp(FOLLOWER, 200)), "monotonic_stamps", FOLLOWER)
    assert (finding.severity, finding.measured) == ("review", 1)
    assert "repeat" in finding.message


def test_stamps_that_were_never_set_fail(check: Check):
    def unset(plan: plant.Plan) -> None:
        for sample in plan.streams[WRENCH].samples:
            sample.stamp_ns = 0

    findings = found(check(unset), "monotonic_stamps", WRENCH)
    assert [f.measured for f in findings if "no time stamp" in f.message] == [1500]


@pytest.mark.parametrize(("by_s", "measured"), [(0.5, -499.5), (-0.5, 500.5)])
def test_a_clock_that_is_wrong_by_a_constant(check: Check, by_s: float, measured: float):
    finding = only(check(plant.later(WRENCH, by_s)), "receive_delay", WRENCH)
    assert finding.severity == "review"
    assert finding.measured == pytest.approx(measured, abs=0.1)


def test_no_sample_near_the_images(check: Check):
    holes = [plant.gap("/objects/cube/pose", t / 10, t / 10 + 0.08) for t in range(30)]
    finding = only(check(*holes), "skew", "/objects/cube/pose")
    assert finding.severity == "review"
    assert finding.limit == pytest.approx(1000 / 60)
    assert 35 < finding.measured < 50


def test_values_that_are_no_numbers_fail(check: Check):
    report = check(plant.nan_joint(FOLLOWER, "elbow", 1.0, 1.1))
    finding = only(report, "finite_values", FOLLOWER)
    assert (finding.severity, finding.measured) == ("fail", 20)
    assert finding.t_s == pytest.approx(1.0025, abs=1e-4)
    assert "elbow" in finding.message


def test_measured_beyond_a_limit_is_for_review_and_sent_beyond_it_fails(check: Check):
    jump = {"joint": "shoulder_pan", "start_s": 1.0, "end_s": 1.1, "change": lambda _: 3.5}
    measured = only(check(plant.joint_edit(FOLLOWER, **jump)), "joint_limits", FOLLOWER)
    assert (measured.severity, measured.measured, measured.unit) == ("review", 3.5, "rad")
    assert measured.limit == pytest.approx(3.1)


def test_sent_beyond_a_limit_fails(check: Check):
    beyond = plant.joint_edit(SENT, "gripper", 1.0, 1.1, lambda _: 0.0401)
    finding = only(check(beyond), "joint_limits", SENT)
    assert (finding.severity, finding.measured, finding.limit) == ("fail", 0.0401, 0.04)
    assert finding.unit == "m"


def test_a_jump_is_over_the_velocity_limit_of_the_rig_file(check: Check):
    jump = plant.joint_edit(FOLLOWER, "shoulder_pan", 1.0, 1.5, lambda q: q + 0.2)
    finding = only(check(jump), "joint_velocity", FOLLOWER)
    # The rig file allows 2.5 rad/s, less than the URDF's 3.0.
    assert (finding.severity, finding.limit, finding.unit) == ("review", 2.5, "rad/s")
    assert finding.measured > 0.2 / 0.05 - 1.2
    assert finding.t_s == pytest.approx(1.0, abs=0.06) or finding.t_s == pytest.approx(
        1.5, abs=0.06
    )


def test_an_offset_joint_is_named_with_its_offset(check: Check):
    report = check(plant.offset_joint(FOLLOWER, "wrist_2", 0.05))
    finding = only(report, "tracking_error", FOLLOWER)
    assert finding.severity == "review"
    assert finding.measured == pytest.approx(0.05, abs=1e-3)
    assert "wrist_2" in finding.message
    assert report.measure("tracking_error", "elbow_offset_rad", FOLLOWER) == pytest.approx(
        0, abs=1e-3
    )


def test_each_arm_of_a_bimanual_rig_is_checked_for_itself(check: Check):
    def two_arms(plan: plant.Plan) -> None:
        for topic in ("/leader/joint_states", FOLLOWER, REQUESTED, SENT, WRENCH):
            stream = plan.streams.pop(topic)
            plan.streams[f"/left{topic}"] = plan.streams[f"/right{topic}"] = stream
        right = copy.deepcopy(plan.streams[f"/right{FOLLOWER}"])
        for sample in right.samples:
            sample.value["position"][JOINTS.index("wrist_2")] += 0.05
        plan.streams[f"/right{FOLLOWER}"] = right

    report = check(two_arms)
    assert [(f.check, f.stream) for f in report.findings] == [
        ("tracking_error", f"/right{FOLLOWER}")
    ]
    for arm in ("left", "right"):
        lag_ms = report.measure("action_state_lag", "median_ms", f"/{arm}{FOLLOWER}")
        assert lag_ms == pytest.approx(20, abs=0.2)


def test_a_joint_that_does_not_follow(check: Check):
    stuck = plant.joint_edit(FOLLOWER, "elbow", 0.0, 9.0, lambda _: 1.5)
    findings = found(check(stuck), "tracking_error", FOLLOWER)
    assert any("elbow" in f.message and f.measured > 0.4 for f in findings)


def test_limiters_that_keep_the_robot_from_the_request(check: Check):
    away = plant.joint_edit(SENT, "elbow", 1.0, 1.6, lambda q: q + 0.1)
    report = check(away, plant.status_values(1.0, 1.6, limiters="2"))
    finding = only(report, "limiter_time", SENT)
    assert finding.severity == "review"
    assert finding.measured == pytest.approx(20, abs=0.5)
    assert report.measure("limiter_time", "limited_share") == pytest.approx(0.2, abs=1e-3)
    assert report.measure("limiter_time", "elbow_max", SENT) == pytest.approx(0.1)


def test_a_frozen_camera_fails_while_the_robot_moves(check: Check):
    report = check(plant.frozen(COLOR, 1.0, 1.8))
    finding = only(report, "frozen_images", COLOR)
    assert (finding.severity, finding.limit, finding.unit) == ("fail", 0.5, "s")
    assert finding.measured == pytest.approx(23 / 30, abs=1e-3)
    assert finding.t_s == pytest.approx(1.0167, abs=1e-3)


def test_a_camera_on_a_resting_arm_may_repeat_while_another_arm_moves(check: Check):
    wrist = COLOR.replace("scene", "wrist")

    def only_another_arm_moves(plan: plant.Plan) -> None:
        moving = plan.streams[FOLLOWER]
        plan.streams["/left" + FOLLOWER] = dataclasses.replace(
            moving, samples=[dataclasses.replace(s) for s in moving.samples]
        )
        for sample in moving.samples:
            sample.value = moving.samples[0].value

    freeze = [plant.frozen(camera, 0.0, 9.0) for camera in (COLOR, wrist)]
    report = check(only_another_arm_moves, *freeze, cameras=("scene", "wrist"))
    assert found(report, "frozen_images", wrist) == []
    assert len(found(report, "frozen_images", COLOR)) == 1


def test_equal_images_of_a_robot_at_rest_are_no_defect(check: Check):
    def still(plan: plant.Plan) -> None:
        for topic in (FOLLOWER, SENT, REQUESTED):
            first = plan.streams[topic].samples[0].value
            for sample in plan.streams[topic].samples:
                sample.value = first

    report = check(still, plant.frozen(COLOR, 0.0, 9.0))
    assert found(report, "frozen_images", COLOR) == []
    assert report.measure("frozen_images", "repeated_share", COLOR) == 1.0


@pytest.mark.parametrize(
    ("value", "words"), [(10, ("dark", "flat")), (255, ("bright", "flat", "burnt out"))]
)
def test_exposure(check: Check, value: int, words: tuple[str, ...]):
    report = check(plant.filled(COLOR, value))
    messages = [f.message for f in found(report, "image_exposure", COLOR)]
    assert len(messages) == len(words)
    for word in words:
        assert any(word in message for message in messages)
    assert report.verdict in ("review", "fail")


def test_empty_depth(check: Check):
    finding = only(check(plant.filled(DEPTH, 0)), "depth_fill", DEPTH)
    assert (finding.severity, finding.measured, finding.limit) == ("review", 0.0, 50.0)


def test_a_dead_force_torque_sensor(check: Check):
    finding = only(check(plant.dead_wrench()), "wrench_alive", WRENCH)
    assert (finding.severity, finding.measured) == ("review", 100.0)


@pytest.mark.parametrize("key", ["task", "hashes", "outcome", "streams", "software"])
def test_an_incomplete_manifest_fails(check: Check, key: str):
    report = check(plant.manifest_without(key))
    assert key in only(report, "manifest_complete").message
    assert report.verdict == "fail"


def test_a_manifest_of_another_episode_fails(check: Check):
    report = check(plant.manifest_value("other", "episode_id"))
    assert "other" in only(report, "manifest_complete").message


def test_no_manifest_is_for_review(tmp_path: Path):
    folder = write_episode(tmp_path, cameras=())
    (folder / "manifest.json").unlink()
    report = check_episode(folder)
    assert [f.check for f in report.findings] == ["manifest_complete"]
    assert report.verdict == "review"


def test_a_changed_recording_fails(check: Check):
    report = check(plant.manifest_value("0" * 64, "hashes", "mcap_sha256"))
    assert only(report, "file_hash").severity == "fail"


@pytest.mark.parametrize(
    ("value", "keys", "words"),
    [
        ("fault", ("termination",), "fault"),
        (True, ("recovered",), "recovered"),
        ("op-1: camera bumped", ("rig_check", "override"), "camera bumped"),
        ("missing", ("rig_check", "result"), "missing"),
        (2, ("clock", "steps"), "2 times"),
        (True, ("suspect",), "failed to sync"),
    ],
)
def test_endings_that_a_person_should_know_of(
    check: Check, value: object, keys: tuple[str, ...], words: str
):
    report = check(plant.manifest_value(value, *keys))
    finding = only(report, "ending")
    assert (finding.severity, report.verdict) == ("review", "review")
    assert words in finding.message


def test_labels_that_disagree_are_for_review(check: Check):
    finding = only(
        check(plant.manifest_value(False, "outcome", "predicate_label")), "label_agreement"
    )
    assert finding.severity == "review"
    assert finding.message == "the operator says success, the predicate says failure"


def test_a_later_label_is_what_counts(tmp_path: Path):
    folder = write_episode(tmp_path, cameras=())
    (folder / "labels.jsonl").write_text(json.dumps({"at_ns": NS, "success": False}) + "\n")
    report = check_episode(folder)
    assert only(report, "label_agreement").severity == "review"


def test_an_unlabelled_episode_passes_and_is_said(check: Check):
    report = check(success=None)
    assert (only(report, "label_agreement").severity, report.verdict) == ("info", "pass")


def test_one_flipped_bit_in_a_chunk_fails_and_the_rest_is_still_read(check: Check):
    report = check(plant.flipped_bit(0.5), chunk_size=50_000)
    assert report.verdict == "fail"
    assert any(f.severity == "fail" for f in found(report, "structure"))
    assert only(report, "file_hash").severity == "fail"
    lost = only(report, "ledger_invariant", FOLLOWER)
    assert 0 < lost.measured < 600


def test_a_truncated_recording_is_unreadable(check: Check):
    with pytest.raises(UnreadableError, match="salvage"):
        check(plant.truncated(-1000))


def test_an_episode_without_messages_fails(check: Check):
    def empty(plan: plant.Plan) -> None:
        for stream in plan.streams.values():
            stream.samples = stream.samples[:1]
        for topic in list(plan.streams)[1:]:
            plan.streams[topic].samples = []

    report = check(empty)
    assert report.verdict == "fail"
    assert found(report, "required_streams", FOLLOWER)


def test_idle_time_is_told_apart_by_place(check: Check):
    def pauses(plan: plant.Plan) -> None:
        for topic in (SENT, REQUESTED, FOLLOWER):
            for i, sample in enumerate(plan.streams[topic].samples):
                t_s = i / 200
                moved = max(t_s - 1.0, 0.0) - max(t_s - 2.0, 0.0) + max(t_s - 4.0, 0.0)
                sample.value["position"] = sample.value["position"] * 0 + 0.05 * moved

    report = check(pauses, duration_s=5.0)
    measured = [report.measure("idle_time", f"{p}_s", SENT) for p in ("start", "middle", "end")]
    assert measured == pytest.approx([1.0, 2.0, 0.0], abs=0.1)


def test_qa_json_holds_verdict_findings_measures_and_sources(tmp_path: Path):
    folder = write_episode(tmp_path, cameras=(), defects=[plant.dead_wrench()])
    check_episode(folder)
    document = json.loads((folder / "qa.json").read_text())
    assert document["verdict"] == "review"
    (finding,) = document["findings"]
    assert {k: finding[k] for k in ("check", "layer", "severity", "stream", "unit")} == {
        "check": "wrench_alive",
        "layer": "technical",
        "severity": "review",
        "stream": WRENCH,
        "unit": "%",
    }
    assert all(c["source"] and c["version"] >= 1 for c in document["checks"])
    assert len({c["name"] for c in document["checks"]}) == len(document["checks"]) == len(CHECKS)
    assert [f.name for f in folder.iterdir() if f.name.startswith(".")] == []


def test_checking_changes_nothing_but_qa_json(tmp_path: Path):
    folder = write_episode(tmp_path, duration_s=0.5, cameras=())
    before = {f.name: f.read_bytes() for f in folder.iterdir()}
    check_episode(folder, write=False)
    assert {f.name: f.read_bytes() for f in folder.iterdir()} == before
    check_episode(folder)
    assert {f.name: f.read_bytes() for f in folder.iterdir() if f.name != "qa.json"} == before
