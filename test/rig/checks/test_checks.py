"""Each check: passes on a good rig, and fails with the exact message on one injected fault."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.rig_files import URDF, load_tiny
from support.rig_observations import good_context, intrinsics, joints, spoiled

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.machine import Machine
from teleop_collect.rig.checks.result import CheckResult
from teleop_collect.rig.checks.run import CHECKS
from teleop_collect.rig.data_rate import bytes_per_s
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.streams import command_topics
from teleop_collect.samples import JointSample, WrenchSample
from teleop_collect.topics import Qos

LEADER = "leader/joint_states"
FOLLOWER = "follower/joint_states"
WRENCH = "follower/wrench"
INFO = "cameras/scene/color/camera_info"
COLOR = "cameras/scene/color/image_raw"


@pytest.fixture
def context(tmp_path: Path) -> CheckContext:
    return good_context(load_tiny(tmp_path), tmp_path / "recordings")


def _run(name: str, context: CheckContext) -> CheckResult:
    return next(check for check in CHECKS if check.name == name).run(context)


NOT_SEEN = {
    "camera_calibration",
    "camera_extrinsics",
    "calibration_age",
    "device_serials",
    "depth_alignment",
}
"""Have nothing to look at on a rig that was never calibrated, whose drivers tell no serial numbers
and whose images are too small for edges."""


def _failed(context: CheckContext) -> set[str]:
    results = [check.run(context) for check in CHECKS]
    return {r.check for r in results if not r.passed and r.severity != "info"}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_good_rig_passes_every_check(context: CheckContext, check):
    result = check.run(context)
    if check.name in NOT_SEEN:
        assert (result.passed, result.severity, result.measured) == (False, "info", "unknown")
        assert result.todo
        return
    assert (result.passed, result.todo) == (True, ""), result.message
    assert (result.check, result.severity) == (check.name, check.severity)


@pytest.mark.parametrize("name", ["sim_tabletop", "sim_bimanual"])
def test_the_shipped_rigs_pass_when_observed_as_they_should_be(name: str, tmp_path: Path):
    context = good_context(load_rig(name), tmp_path)
    assert _failed(context) - {"disk_space", "write_speed"} == set()  # these are the machine's


FAULTS = [
    # check, topic, what is seen there instead, message, measured, limit, unit
    (
        "stream_rates",
        WRENCH,
        {"count": 501},
        "follower/wrench: 250.0 Hz, expected 500 Hz",
        50.0,
        10.0,
        "%",
    ),
    (
        "stream_rates",
        COLOR,
        {"count": 75},
        "cameras/scene/color/image_raw: 37.0 Hz, expected 30 Hz",
        23.3,
        10.0,
        "%",
    ),
    (
        "stream_rates",
        LEADER,
        {"count": 1, "last_ns": 0},
        "leader/joint_states: no rate (fewer than 2 messages), expected 200 Hz",
        100.0,
        10.0,
        "%",
    ),
    (
        "topic_types",
        COLOR,
        {"types": (), "publishers": 0},
        "nobody publishes cameras/scene/color/image_raw",
        1,
        0,
        "topics",
    ),
    (
        "topic_types",
        COLOR,
        {"types": ("sensor_msgs/msg/CompressedImage",)},
        "cameras/scene/color/image_raw is a sensor_msgs/msg/CompressedImage, not a "
        "sensor_msgs/msg/Image",
        1,
        0,
        "topics",
    ),
    (
        "topic_types",
        FOLLOWER,
        {"publishers": 2},
        "follower/joint_states has 2 publishers instead of 1",
        1,
        0,
        "topics",
    ),
    (
        "topic_qos",
        COLOR,
        {"offered": Qos(5, reliable=False)},
        "published best effort, so messages may be lost: cameras/scene/color/image_raw",
        1,
        0,
        "topics",
    ),
    (
        "topic_qos",
        FOLLOWER,
        {"offered": Qos(5, reliable=False)},
        "published best effort, so teleoperation does not hear it: follower/joint_states",
        1,
        0,
        "topics",
    ),
    (
        "topic_qos",
        "robot_description",
        {"offered": Qos(1, latched=False)},
        "not transient local, so who comes late does not hear it: robot_description",
        1,
        0,
        "topics",
    ),
    (
        "urdf_matches",
        "robot_description",
        {
            "sample": URDF.replace(
                '<child link="upper"/>', '<child link="upper"/><axis xyz="0 0 1"/>'
            )
        },
        "robot_description: joint 'shoulder': axis is (0.0, 0.0, 1.0), not (1.0, 0.0, 0.0)",
        1,
        0,
        "differences",
    ),
    (
        "urdf_matches",
        "robot_description",
        {
            "sample": URDF.replace(
                '<child link="tool"/>', '<child link="tool"/><origin xyz="0 1 0"/>'
            )
        },
        "robot_description: joint 'mount': xyz is (0.0, 1.0, 0.0), not (0.0, 0.0, 0.0)",
        1,
        0,
        "differences",
    ),
    (
        "urdf_matches",
        "robot_description",
        {"sample": URDF.replace('"finger"', '"claw"')},
        "robot_description: joint 'gripper': child is claw, not finger",
        1,
        0,
        "differences",
    ),
    (
        "joints_present",
        FOLLOWER,
        {"sample": joints({"shoulder": 0.0, "finger": 0.0})},
        "follower/joint_states: no joint gripper (it has: shoulder, finger)",
        1,
        0,
        "problems",
    ),
    (
        "joints_present",
        LEADER,
        {"sample": None},
        "leader/joint_states: no joint states with one position for each name received",
        1,
        0,
        "problems",
    ),
    (
        "joints_present",
        FOLLOWER,
        {"sample": JointSample(0, ("shoulder", "gripper"), (0.0,))},
        "follower/joint_states: no joint states with one position for each name received",
        1,
        0,
        "problems",
    ),
    (
        "joints_present",
        LEADER,
        {"sample": joints({"shoulder": float("nan"), "gripper": 0.0})},
        "leader/joint_states: position of shoulder is not finite",
        1,
        0,
        "problems",
    ),
    (
        "joints_within_limits",
        FOLLOWER,
        {"sample": joints({"shoulder": 1.03, "gripper": 0.0})},
        "arm 'main': shoulder is at 1.030 rad, limits -1 to 1",
        1,
        0,
        "joints",
    ),
    (
        "joints_within_limits",
        FOLLOWER,
        {"sample": joints({"shoulder": 0.0, "gripper": -0.003})},
        "arm 'main': gripper is at -0.003 m, limits 0 to 0.04",
        1,
        0,
        "joints",
    ),
    (
        "joints_within_limits",
        FOLLOWER,
        {"sample": joints({"shoulder": float("nan"), "gripper": 0.0})},
        "arm 'main': shoulder is at nan rad, limits -1 to 1",
        1,
        0,
        "joints",
    ),
    (
        "joints_within_limits",
        FOLLOWER,
        {"sample": None},
        "no sample of follower/joint_states",
        "unknown",
        None,
        "",
    ),
    (
        "leader_follower_offset",
        LEADER,
        {"sample": joints({"shoulder": 0.5, "gripper": 0.5})},
        "arm 'main': gripper: leader and follower are 0.020 m apart",
        0.02,
        0.01,
        "m",
    ),
    (
        "leader_follower_offset",
        LEADER,
        {"sample": joints({"shoulder": 1.5, "gripper": 0.0})},
        "arm 'main': shoulder: leader and follower are 1.000 rad apart",
        1.0,
        0.1,
        "rad",
    ),
    (
        "leader_follower_offset",
        LEADER,
        {"sample": joints({"shoulder": float("nan"), "gripper": 0.0})},
        "arm 'main': shoulder: the offset is not a number",
        "unknown",
        None,
        "",
    ),
    (
        "leader_follower_offset",
        FOLLOWER,
        {"sample": None},
        "arm 'main': leader or follower unseen",
        "unknown",
        None,
        "",
    ),
    ("wrench_alive", WRENCH, {"count": 0, "sample": None}, "no samples", 1, 0, "sensors"),
    (
        "wrench_alive",
        WRENCH,
        {"changes": 0},
        "frozen: 0 of 1001 samples differ from the one before",
        1,
        0,
        "sensors",
    ),
    (
        "wrench_alive",
        WRENCH,
        {"non_finite": 3},
        "3 of 1001 samples are not finite",
        1,
        0,
        "sensors",
    ),
    (
        "wrench_alive",
        WRENCH,
        {"sample": WrenchSample(0, "", (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))},
        "frame_id is '', not 'tool' as in the rig file",
        1,
        0,
        "sensors",
    ),
    ("camera_intrinsics", INFO, {"sample": None}, "no CameraInfo received", 1, 0, "problems"),
    (
        "clock_age",
        COLOR,
        {"stamp_age_s": 0.35},
        "cameras/scene/color/image_raw: stamps are 0.350 s old on arrival",
        0.35,
        0.2,
        "s",
    ),
    (
        "clock_age",
        WRENCH,
        {"stamp_age_s": -0.05},
        "follower/wrench: stamps are 0.050 s in the future",
        -0.05,
        0.2,
        "s",
    ),
    (
        "urdf_matches",
        "robot_description",
        {"sample": None},
        "nobody publishes robot_description, so the URDF cannot be compared",
        "unknown",
        None,
        "",
    ),
    (
        "urdf_matches",
        "robot_description",
        {"sample": URDF.replace('upper="1.5"', 'upper="1.6"')},
        "robot_description: joint 'shoulder': upper is 1.6, not 1.5",
        1,
        0,
        "differences",
    ),
    (
        "urdf_matches",
        "robot_description",
        {"sample": URDF.replace("gripper", "claw")},
        "robot_description has no joint 'gripper'",
        1,
        0,
        "differences",
    ),
    (
        "urdf_matches",
        "robot_description",
        {"sample": "nonsense"},
        "robot_description: not XML: syntax error: line 1, column 0",
        1,
        0,
        "differences",
    ),
]


@pytest.mark.parametrize(
    ("check", "topic", "changes", "message", "measured", "limit", "unit"),
    FAULTS,
    ids=[f"{f[0]}: {f[3][:40]}" for f in FAULTS],
)
def test_a_fault_is_found_and_explained(
    context: CheckContext, check, topic, changes, message, measured, limit, unit
):
    result = _run(check, spoiled(context, topic, **changes))
    assert not result.passed
    assert result.message.removeprefix(f"{topic}: ") == message.removeprefix(f"{topic}: ")
    assert (result.measured, result.limit, result.unit) == (measured, limit, unit)
    assert result.todo


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 640}, "image is 640x48, the rig file says 64x48"),
        ({"fx": 0.0, "fy": 0.0}, "focal lengths 0, 0 px: the camera is not calibrated"),
        ({"cx": 65.0}, "principal point 65, 23.5 px lies outside the image"),
        ({"fy": 60.0}, "field of view 0.761 rad, the rig file says 0.9 rad"),
    ],
)
def test_wrong_intrinsics_are_found(context: CheckContext, changes: dict, message: str):
    info = replace(intrinsics(context.rig.cameras["scene"]), **changes)
    result = _run("camera_intrinsics", spoiled(context, INFO, sample=info))
    assert (result.passed, result.message) == (False, f"{INFO}: {message}")


def test_a_real_cameras_field_of_view_is_its_own(tmp_path: Path):
    loaded = load_tiny(tmp_path, ("  scene:\n    driver: sim", "  scene:\n    driver: topic"))
    context = good_context(loaded, tmp_path)
    info = replace(intrinsics(loaded.rig.cameras["scene"]), fx=60.0, fy=60.0)
    assert _run("camera_intrinsics", spoiled(context, INFO, sample=info)).passed


def test_a_malformed_message_breaks_no_check(context: CheckContext):
    malformed = JointSample(0, ("shoulder", "gripper"), (0.0,))
    broken = spoiled(spoiled(context, LEADER, sample=malformed), FOLLOWER, sample=malformed)
    assert _failed(broken) == {
        "joints_present",
        "joints_within_limits",
        "leader_follower_offset",
    }


def test_an_empty_observation_passes_no_check_of_the_rig(context: CheckContext):
    nothing = replace(context, observations={}, motions={}, poses={}, baseline=None)
    passed = {check.name for check in CHECKS if check.run(nothing).passed}
    machine = {"disk_space", "write_speed", "shared_memory", "software_versions"}
    machine |= {"clock_sync", "control_rate", "socket_buffers", "calibration_files"}
    of_the_file = {"limits_within_urdf", "servo_limits", "camera_usb"}
    assert passed - machine == of_the_file | {"topic_qos"}


def test_an_unseen_description_warns_and_a_wrong_one_is_an_error(context: CheckContext):
    unseen = _run("urdf_matches", spoiled(context, "robot_description", sample=None))
    wrong = _run("urdf_matches", spoiled(context, "robot_description", sample="<robot/>"))
    assert (unseen.severity, wrong.severity) == ("warning", "error")


def test_an_urdf_that_changed_since_loading_is_found(tmp_path: Path):
    loaded = load_tiny(tmp_path)
    (tmp_path / "robot.urdf").write_text(URDF.replace('lower="-1.5"', 'lower="-0.9"'))
    result = _run("limits_within_urdf", good_context(loaded, tmp_path))
    assert (result.passed, result.message) == (
        False,
        "arms.main.limits.shoulder.lower: must be within the URDF's limits -0.9 to 1.5",
    )


def test_too_little_disk_space_is_found(tmp_path: Path):
    need = 1 << 60
    loaded = load_tiny(tmp_path, ("compression: zstd", f"min_free_bytes: {need}"))
    result = _run("disk_space", good_context(loaded, tmp_path / "not" / "made" / "yet"))
    assert (result.passed, result.limit, result.unit) == (False, need, "bytes")
    assert 0 < result.measured < need
    assert not (tmp_path / "not").exists()


def test_a_recording_root_that_cannot_be_written_is_found(context: CheckContext, tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    result = _run("write_speed", replace(context, recording_root=blocked / "below"))
    assert (result.passed, result.measured) == (False, "unknown")
    assert result.message == f"cannot write to {blocked / 'below'}: Not a directory"


def test_a_disk_slower_than_the_rig_is_found(tmp_path: Path):
    edits = (
        ("width: 64\n    height: 48", "width: 4096\n    height: 4096\n    fps: 1000000"),
        ("compression: zstd", "queue_bytes: 1073741824"),
    )
    loaded = load_tiny(tmp_path, *edits)
    result = _run("write_speed", good_context(loaded, tmp_path))
    assert not result.passed
    assert result.limit == pytest.approx(1.5 * bytes_per_s(loaded.rig) / 1e6, rel=1e-3)
    assert result.measured < result.limit
    assert result.todo == "set recording.root to a faster disk, or lower camera sizes or rates"


def test_the_write_probe_leaves_nothing_behind(context: CheckContext):
    assert _run("write_speed", context).passed
    assert list(context.recording_root.iterdir()) == []


def test_little_shared_memory_warns(context: CheckContext):
    result = _run("shared_memory", replace(context, machine=Machine(64_000_000)))
    assert (result.passed, result.severity, result.measured) == (False, "warning", 64_000_000)
    assert result.message == "64 MB free in /dev/shm"


def test_a_rig_without_a_wrench_sensor_has_none_to_check(tmp_path: Path):
    loaded = load_tiny(tmp_path, ("    wrench: {rate_hz: 500, frame_id: tool}\n", ""))
    result = _run("wrench_alive", good_context(loaded, tmp_path))
    assert (result.passed, result.message) == (True, "the rig has no wrench sensor")


def test_the_data_rate_counts_every_image_byte(tmp_path: Path):
    with_depth = bytes_per_s(load_tiny(tmp_path).rig)
    edit = ("height: 48", "height: 48\n    depth: false")
    without = bytes_per_s(load_tiny(tmp_path, edit).rig)
    # 2 bytes a pixel of depth, and its CameraInfo of at most 1 KiB, 30 times a second
    assert with_depth - without == (64 * 48 * 2 + 1024) * 30


def test_a_driver_that_cannot_hear_commands_is_an_error(context: CheckContext):
    (topic, _), *_ = command_topics(context.rig.arms["main"])
    heard = replace(context, command_readers={topic: (Qos(1), Qos(1, reliable=False))})
    assert _run("topic_qos", heard).passed
    deaf = _run("topic_qos", replace(context, command_readers={topic: (Qos(1, latched=True),)}))
    assert (deaf.passed, deaf.severity) == (False, "error")
    assert deaf.message == f"a subscriber of {topic} asks for transient local and hears no command"
