"""Recordings of others, with a mapping file and by their types alone."""

import json
from pathlib import Path

import pytest
from support import planted_defects as plant
from support.foreign_bag import MAPPING, write_bag, write_mapping
from support.synthetic_episode import START_NS, Plan, build_plan

from teleop_collect.cli.main import main
from teleop_collect.episodes.mapping import guessed_arm, load_mapping
from teleop_collect.errors import ConfigError
from teleop_collect.qa.run import check_episode

FOLLOWER, SENT = "/joint_states", "/scaled_controller/joint_command"
COLOR = "/camera/camera/color/image_raw"


def plan(*defects: plant.Defect) -> Plan:
    made = build_plan("foreign", START_NS, 3.0, 0, True, ("scene",), (32, 24))
    for defect in defects:
        defect(made)
    return made


@pytest.fixture(scope="module")
def good_bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bag(tmp_path_factory.mktemp("bags") / "good", plan())


def test_a_bag_of_another_recorder_is_checked_by_types_alone(good_bag: Path):
    report = check_episode(good_bag, write=False)
    assert [f.check for f in report.findings] == ["manifest_complete"]
    assert report.measure("action_state_lag", "median_ms", FOLLOWER) == pytest.approx(20, abs=0.3)
    assert report.measure("rates", "mean_hz", COLOR) == pytest.approx(30, rel=1e-3)
    assert report.measure("smoothness", "sparc", FOLLOWER) is not None


def test_a_mapping_adds_limits_and_rates(good_bag: Path, tmp_path: Path):
    mapping = load_mapping(write_mapping(tmp_path))
    report = check_episode(good_bag, write=False, mapping=mapping)
    assert [f.check for f in report.findings] == ["manifest_complete"]
    assert report.measure("joint_torque", "elbow_peak_share", FOLLOWER) == pytest.approx(0.002)


def test_defects_of_a_mapped_bag_are_found_under_its_own_names(tmp_path: Path):
    made = plan(
        plant.gap("/follower/joint_states", 1.0, 1.4),
        plant.joint_edit("/teleop/action_sent", "elbow", 2.0, 2.1, lambda _: 3.2),
        plant.keep_each("/cameras/scene/color/image_raw", 2),
    )
    bag = write_bag(tmp_path / "bag", made)
    report = check_episode(bag, write=False, mapping=load_mapping(write_mapping(tmp_path)))
    found = {(f.check, f.stream) for f in report.findings if f.severity == "fail"}
    assert {("gaps", FOLLOWER), ("joint_limits", SENT), ("rates", COLOR)} <= found


def test_streams_that_were_discovered_late_or_left_early_are_complete(tmp_path: Path):
    late = [
        plant.gap("/cameras/scene/color/image_raw", 0.0, 1.0),
        plant.gap("/follower/wrench", 0.0, 0.6),
        plant.gap("/leader/joint_states", 2.3, 99.0),
    ]
    report = check_episode(write_bag(tmp_path / "bag", plan(*late)), write=False)
    assert [f.check for f in report.findings] == ["manifest_complete"]
    assert report.measure("gaps", "missing_share", COLOR) == 0.0


def test_a_sensor_that_ticks_on_a_coarse_clock_has_its_mean_rate(tmp_path: Path):
    made = plan(plant.uneven("/follower/joint_states", 0.0004))
    report = check_episode(write_bag(tmp_path / "bag", made), write=False)
    assert [f.check for f in report.findings] == ["manifest_complete"]


def test_a_gripper_of_unknown_range_is_told_by_its_name(tmp_path: Path):
    sent = "/teleop/action_sent"
    defects = []
    for n in range(6):
        wide, begin = 0.04 * (n % 2), 1.0 + n * 0.08
        defects.append(plant.joint_edit(sent, "gripper", begin, begin + 0.08, lambda _, w=wide: w))
    report = check_episode(write_bag(tmp_path / "bag", plan(*defects)), write=False)
    assert "gripper_chatter" in {f.check for f in report.findings}


def test_a_hole_inside_a_foreign_stream_still_fails(tmp_path: Path):
    made = plan(plant.gap("/cameras/scene/color/image_raw", 1.0, 1.8))
    report = check_episode(write_bag(tmp_path / "bag", made), write=False)
    assert ("gaps", COLOR) in {(f.check, f.stream) for f in report.findings if f.severity == "fail"}


def test_a_required_topic_that_is_missing_fails(good_bag: Path, tmp_path: Path):
    text = MAPPING.replace("required: [", "required: [/missing, ")
    report = check_episode(
        good_bag, write=False, mapping=load_mapping(write_mapping(tmp_path, text))
    )
    assert [f.stream for f in report.findings if f.check == "required_streams"] == ["/missing"]


def test_the_command_line_takes_bags_and_a_mapping(
    good_bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = write_mapping(tmp_path)
    assert main(["qa", str(good_bag), "--mapping", str(path), "--json"]) == 0
    (episode,) = json.loads(capsys.readouterr().out)["episodes"]
    assert episode["verdict"] == "review"
    assert main(["episodes", "show", str(good_bag), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["streams"][COLOR]["count"] == 90
    assert shown["streams"][COLOR]["hz"] == pytest.approx(30, abs=0.01)
    assert shown["duration_s"] == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (("/joint_states\n    leader", "/joint_state\n    leader"), "did you mean '/joint_states'"),
        (("wrench:", "wrenches:"), "wrench"),
        (("200", "-1"), "rates_hz"),
        (("robot.urdf", "absent.urdf"), "absent.urdf"),
        (("mapping/1", "mapping/9"), "schema"),
        (
            ("sent: /scaled_controller/joint_command", "sent: /camera/camera/color/image_raw"),
            "is a stream of sensor_msgs/msg/Image, not of sensor_msgs/msg/JointState or "
            "trajectory_msgs/msg/JointTrajectory (the recording's topics that are: "
            "/gello/joint_states, /joint_states, /scaled_controller/joint_command)",
        ),
    ],
)
def test_a_wrong_mapping_is_one_line(
    good_bag: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    edit: tuple[str, str],
    message: str,
):
    path = write_mapping(tmp_path, MAPPING.replace(*edit, 1))
    assert main(["qa", str(good_bag), "--mapping", str(path)]) == 2
    captured = capsys.readouterr()
    assert message in captured.err + captured.out


def test_a_mapping_that_is_no_file_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_mapping(tmp_path / "none.yaml")


def test_topics_are_guessed_only_where_they_are_unambiguous():
    joint_state = "sensor_msgs/msg/JointState"
    guess = guessed_arm({"/a/joint_states": joint_state, "/b/joint_states": joint_state})
    assert guess.follower is None
    guess = guessed_arm({"/joint_states": joint_state, "/master/joint_states": joint_state})
    assert (guess.follower, guess.leader) == ("/joint_states", "/master/joint_states")
