import hashlib
import math
from pathlib import Path

import pytest
from support.rig_files import URDF, load_tiny, write_rig

from teleop_collect.errors import ConfigError
from teleop_collect.rig.description import (
    JointBounds,
    RobotDescription,
    descriptions_of,
    effective_limits,
    resolve_urdf,
    urdf_sha256,
)
from teleop_collect.rig.load import load_rig, share_dir
from teleop_collect.rig.urdf import Mimic


def _read(tmp_path: Path, text: str = URDF) -> RobotDescription:
    path = tmp_path / "robot.urdf"
    path.write_text(text)
    return RobotDescription.from_urdf(path)


def _refusal(tmp_path: Path, *edit: str) -> str:
    old, new = edit
    assert URDF.count(old) == 1
    with pytest.raises(ConfigError) as caught:
        _read(tmp_path, URDF.replace(old, new))
    prefix = f"{tmp_path}/robot.urdf: "
    assert str(caught.value).startswith(prefix)
    return str(caught.value).removeprefix(prefix)


def test_joints_are_read_by_name_with_limits_and_links(tmp_path: Path):
    robot = _read(tmp_path)
    shoulder = robot.joints["shoulder"]
    assert (robot.name, list(robot.joints)) == (
        "two_joints",
        ["shoulder", "gripper", "mirror", "mount"],
    )
    assert (shoulder.type, shoulder.parent, shoulder.child) == ("revolute", "base", "upper")
    limits = (shoulder.lower, shoulder.upper, shoulder.velocity, shoulder.effort)
    assert limits == (-1.5, 1.5, 2.0, 10.0)
    assert robot.joints["mirror"].mimic == Mimic("gripper", 1.0, 0.0)
    assert robot.links == {"base", "upper", "finger", "other_finger", "tool"}
    assert robot.moving_joints() == ("shoulder", "gripper")
    assert (robot.text, robot.sha256) == (URDF, hashlib.sha256(URDF.encode()).hexdigest())


def test_a_joint_without_limits_is_unbounded_never_zero(tmp_path: Path):
    robot = _read(tmp_path, URDF.replace('type="revolute"', 'type="continuous"'))
    joint = robot.joints["shoulder"]
    assert (joint.lower, joint.upper, joint.velocity) == (-math.inf, math.inf, 2.0)
    fixed = robot.joints["mount"]
    assert (fixed.lower, fixed.upper, fixed.velocity) == (-math.inf, math.inf, math.inf)


def test_a_speed_limit_of_zero_means_not_known(tmp_path: Path):
    robot = _read(tmp_path, URDF.replace('velocity="2"', 'velocity="0"'))
    assert robot.joints["shoulder"].velocity == math.inf


REFUSED = [
    (
        ('<limit lower="-1.5" upper="1.5" effort="10" velocity="2"/>', ""),
        "joint 'shoulder': a revolute joint needs a <limit>",
    ),
    (('lower="-1.5"', 'lower="2"'), "joint 'shoulder': lower limit 2 is above upper limit 1.5"),
    (('lower="-1.5"', 'lower="nan"'), "joint 'shoulder': lower=\"nan\" is not a finite number"),
    (('effort="10"', 'effort="x"'), "joint 'shoulder': effort=\"x\" is not a finite number"),
    (
        ('type="revolute"', 'type="hinge"'),
        "joint 'shoulder': type 'hinge' is none of revolute, continuous, prismatic, fixed, "
        "floating, planar",
    ),
    (('<parent link="base"/>', ""), "joint 'shoulder': <parent link=...> is missing"),
    (
        ('<parent link="base"/>', '<parent link="bas"/>'),
        "joint 'shoulder': no such link 'bas'; did you mean 'base'?",
    ),
    (
        ('<child link="tool"/>', '<child link="upper"/>'),
        "joint 'mount': link 'upper' is already moved by 'shoulder'",
    ),
    (
        ('mimic joint="gripper"', 'mimic joint="griper"'),
        "joint 'mirror': no such joint to mimic: 'griper'; did you mean 'gripper'?",
    ),
    (('joint name="mount"', 'joint name="gripper"'), "joint 'gripper' is given twice"),
    (
        ('<robot name="two_joints">', '<robot name="two_joints"><xacro:include filename="a"/>'),
        "this is a xacro file; expand it first: xacro FILE.urdf.xacro > FILE.urdf",
    ),
    (
        ('<?xml version="1.0"?>', '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
        "a DOCTYPE or ENTITY is not allowed in a robot description",
    ),
    (("</robot>", ""), "not XML: no element found: line 20, column 0"),
]


@pytest.mark.parametrize(("edit", "message"), REFUSED, ids=[m[:50] for _, m in REFUSED])
def test_a_broken_urdf_is_refused(tmp_path: Path, edit: tuple[str, str], message: str):
    assert _refusal(tmp_path, *edit) == message


def test_a_declared_encoding_cannot_hide_a_doctype(tmp_path: Path):
    text = '<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE r+AD4-<robot/>'
    path = tmp_path / "robot.urdf"
    path.write_text(text)
    with pytest.raises(ConfigError, match="not XML"):
        RobotDescription.from_urdf(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.urdf.xacro", b"<robot/>", "this is a xacro file; expand it first: xacro "),
        ("a.urdf", b"<sdf/>", "not a URDF: the root element is <sdf>, not <robot>"),
        ("a.urdf", b"<robot name='caf\xe9'/>", "not UTF-8 text"),
        ("a.urdf", b"", "not XML: no element found"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, name: str, content: bytes, message: str):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        RobotDescription.from_urdf(path)
    assert str(caught.value).startswith(f"{path}: {message}")


def test_builtin_names_the_shipped_description():
    path = resolve_urdf("builtin:demo_arm", None)
    assert path == share_dir() / "config" / "urdf" / "demo_arm.urdf"
    assert "gripper" in RobotDescription.from_urdf(path).moving_joints()


def test_a_path_is_relative_to_the_rig_file_or_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    rig = write_rig(tmp_path)
    assert resolve_urdf("robot.urdf", rig) == tmp_path / "robot.urdf"
    monkeypatch.chdir(tmp_path)
    assert resolve_urdf("robot.urdf", None) == tmp_path / "robot.urdf"
    assert resolve_urdf(str(tmp_path / "robot.urdf"), None) == tmp_path / "robot.urdf"


def test_effective_limits_are_the_narrower_of_urdf_and_rig_file(tmp_path: Path):
    loaded = load_tiny(
        tmp_path, ("{lower: -1.0, upper: 1.0, velocity: 1.0}", "{upper: 1.0, acceleration: 9}")
    )
    arm = loaded.rig.arms["main"]
    bounds = effective_limits(arm, descriptions_of(loaded.rig, loaded.path)["main"])
    assert bounds == {
        "shoulder": JointBounds(-1.5, 1.0, 2.0, 9.0),
        "gripper": JointBounds(0.0, 0.04, 0.2, None),
    }


def test_the_urdf_hash_follows_the_file(tmp_path: Path):
    loaded = load_tiny(tmp_path)
    before = urdf_sha256(loaded.rig, loaded.path)
    assert before == hashlib.sha256(URDF.encode()).hexdigest()
    (tmp_path / "robot.urdf").write_text(URDF + "\n")
    assert urdf_sha256(loaded.rig, loaded.path) != before


def test_arms_with_the_same_description_share_its_hash():
    one, two = load_rig("sim_tabletop"), load_rig("sim_bimanual")
    assert urdf_sha256(one.rig, one.path) == urdf_sha256(two.rig, two.path)
