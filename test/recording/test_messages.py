import json
import sys
from pathlib import Path

import pytest
from mcap_ros2._dynamic import generate_dynamic
from rosbags.typesys import get_types_from_msg

from teleop_collect.recording import messages
from teleop_collect.recording.messages import message_definition, starts_with_header


def test_joint_state_with_all_dependencies_sorted_once_each() -> None:
    definition = message_definition("sensor_msgs/msg/JointState")
    head, *parts = definition.text.split("=" * 80 + "\n")
    assert head.splitlines() == [
        "std_msgs/Header header",
        "string[] name",
        "float64[] position",
        "float64[] velocity",
        "float64[] effort",
    ]
    assert [p.splitlines()[0] for p in parts] == [
        "MSG: builtin_interfaces/Time",
        "MSG: std_msgs/Header",
    ]
    # As published in the JointState.json of the sensor_msgs package (Jazzy).
    assert definition.rihs01 == (
        "RIHS01_a13ee3a330e346c9d87b5aa18d24e11690752bd33a0350f11c5882bc9179260e"
    )


@pytest.mark.parametrize(
    "name",
    [
        "sensor_msgs/msg/Image",
        "sensor_msgs/msg/CameraInfo",
        "diagnostic_msgs/msg/DiagnosticArray",
        "trajectory_msgs/msg/JointTrajectory",
        "std_msgs/msg/Float64MultiArray",
        "geometry_msgs/msg/WrenchStamped",
    ],
)
def test_text_can_be_read_by_other_parsers(name: str) -> None:
    definition = message_definition(name)
    assert definition.name == name
    assert name in generate_dynamic(name, definition.text)
    assert name in get_types_from_msg(definition.text, name)


def test_hashes_equal_those_of_installed_packages() -> None:
    share = Path(sys.prefix, "share")
    files = [
        share / package / "msg" / f"{short}.json"
        for package, short in (
            ("sensor_msgs", "Image"),
            ("sensor_msgs", "CameraInfo"),
            ("geometry_msgs", "PoseStamped"),
            ("diagnostic_msgs", "DiagnosticArray"),
        )
    ]
    for file in (f for f in files if f.is_file()):
        stated = {
            t["type_name"]: t["hash_string"] for t in json.loads(file.read_text())["type_hashes"]
        }
        name = f"{file.parts[-3]}/msg/{file.stem}"
        assert message_definition(name).rihs01 == stated[name]


def test_short_names_mean_the_same() -> None:
    assert message_definition("std_msgs/String") == message_definition("std_msgs/msg/String")


def test_a_type_that_nobody_knows_is_empty() -> None:
    definition = message_definition("no_such_pkg/msg/Nothing")
    assert (definition.name, definition.text, definition.rihs01) == (
        "no_such_pkg/msg/Nothing",
        "",
        "",
    )
    assert not starts_with_header("no_such_pkg/msg/Nothing")


def test_types_of_installed_packages_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "share" / "lab_msgs" / "msg"
    folder.mkdir(parents=True)
    (folder / "Grip.msg").write_text("std_msgs/Header header\nlab_msgs/Finger[] fingers\n")
    (folder / "Finger.msg").write_text("float32 force\n")
    (folder / "Broken.msg").write_text("this is ( no message\n")
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"/nowhere:{tmp_path}")
    messages._store.cache_clear()
    definition = message_definition("lab_msgs/msg/Grip")
    assert "lab_msgs/Finger[] fingers" in definition.text
    assert "MSG: lab_msgs/Finger\nfloat32 force\n" in definition.text
    assert definition.rihs01.startswith("RIHS01_")
    assert starts_with_header("lab_msgs/msg/Grip")
    assert not starts_with_header("lab_msgs/msg/Finger")
    assert message_definition("lab_msgs/msg/Broken").text == ""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sensor_msgs/msg/JointState", True),
        ("sensor_msgs/msg/Image", True),
        ("diagnostic_msgs/msg/DiagnosticArray", True),
        ("trajectory_msgs/msg/JointTrajectory", True),
        ("std_msgs/msg/String", False),
        ("std_msgs/msg/Float64MultiArray", False),
        ("geometry_msgs/msg/Pose", False),
    ],
)
def test_which_types_begin_with_a_stamp(name: str, expected: bool) -> None:
    assert starts_with_header(name) is expected
