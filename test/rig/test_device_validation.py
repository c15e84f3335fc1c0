"""Rig files whose leaders and followers contradict their arm, with the exact message."""

from pathlib import Path

import pytest
import yaml
from support.rig_files import load_tiny, write_rig

from teleop_collect.errors import ConfigError
from teleop_collect.rig.load import load_rig

FOLLOWER = "    follower:\n      driver: sim\n      serial: F1\n"
ROS2 = "    follower:\n      driver: ros2_control\n      serial: F1\n"
DYNAMIXEL = (
    "    follower:\n      driver: dynamixel\n      serial: F1\n      port: PORT\n      servos:\n"
    "        shoulder: {id: 1, model: XM430-W350}\n        gripper: {id: 2, model: XM430-W350}\n"
)
NO_WRENCH = ("    wrench: {rate_hz: 500, frame_id: tool}\n", "")
LEADER = (
    "      serial: L1\n      port: sim://tiny\n      rate_hz: 200\n      servos:\n"
    "        shoulder: {id: 1, model: XL330-M288}\n        gripper: {id: 2, model: XL330-M288}\n"
)
NO_MAPPING = ("    mapping:\n      gripper: {scale: 0.04}\n", "")
REAL_SCENE = (
    "  scene:\n    driver: sim\n    width: 64\n    height: 48\n    fovy_rad: 0.9\n",
    "  scene: {driver: realsense, serial: A, width: 64, height: 48}\n"
    "  other: {driver: realsense, serial: A, width: 64, height: 48}\n  third:\n    driver: sim\n"
    "    width: 64\n    height: 48\n    fovy_rad: 0.9\n",
)


def ros2(*lines: str) -> tuple[str, str]:
    return (FOLLOWER, ROS2 + "".join(f"      {line}\n" for line in lines))


def dynamixel(port: str = "/dev/ttyDXL_f", **edits: str) -> tuple[str, str]:
    text = DYNAMIXEL.replace("PORT", port)
    for old, new in edits.items():
        text = text.replace(old.replace("_is_", ": "), new)
    return (FOLLOWER, text)


CASES = [
    (
        [ros2("command: forward_position", "command_topic: commands"), NO_WRENCH],
        "arms.main.follower.controller: needs the controller's name, whose parameter 'joints' "
        "tells the array's order",
    ),
    (
        [ros2("gripper: {joint: griper, topic: /g}"), NO_WRENCH],
        'arms.main.follower.gripper.joint = "griper": no such joint of this arm; did you mean '
        "'gripper'? (known: gripper, shoulder)",
    ),
    (
        [dynamixel("sim://tiny"), NO_WRENCH],
        'arms.main.follower.port = "sim://tiny": the leader of arm \'main\' has the same port; '
        "give each follower its own",
    ),
    (
        [dynamixel(id_is_2="id: 1"), NO_WRENCH],
        "arms.main.follower.servos.gripper.id = 1: servo 'shoulder' has the same id; each servo on "
        "a bus needs its own",
    ),
    (
        [dynamixel(gripper_is_="spare: "), NO_WRENCH],
        "arms.main.follower.servos: no servo for joint 'gripper'",
    ),
    (
        [(FOLLOWER, DYNAMIXEL.replace("PORT", "/dev/x"))],
        None,
    ),
    (
        [("      rate_hz: 200\n      servos", "      comfort: {clutch: {joint: pedal, "
          "threshold_rad: 0.5}}\n      rate_hz: 200\n      servos")],
        "arms.main.leader.comfort.clutch.joint: no such servo (known: gripper, shoulder)",
    ),
    (
        [("      rate_hz: 200\n      servos", "      comfort: {gravity_gain: 0.5}\n"
          "      rate_hz: 200\n      servos")],
        "arms.main.leader.comfort.gravity_gain = 0.5: needs comfort.urdf, the description of the "
        "leader itself (`builtin:NAME` or a path), whose joints are named as the servos are",
    ),
    (
        [(LEADER, "      driver: spacemouse\n")],
        "arms.main.mapping.gripper: a SpaceMouse moves the follower's joints themselves; there is "
        "nothing to map",
    ),
    (
        [(LEADER, "      driver: spacemouse\n      gripper_joint: hand\n"), NO_MAPPING],
        'arms.main.leader.gripper_joint = "hand": no such joint of this arm (known: gripper, '
        "shoulder); null: none",
    ),
    (
        [(LEADER, "      driver: topic\n      rate_hz: 50\n      joints: [shoulder]\n")],
        'arms.main.leader.joints = ["shoulder"]: no leader joint \'gripper\', which drives '
        "follower joint 'gripper'",
    ),
    ([REAL_SCENE], "cameras.other.serial = \"A\": camera 'scene' has the same serial number"),
]  # fmt: skip


@pytest.mark.parametrize(("edits", "message"), CASES)
def test_devices_that_do_not_fit_their_arm_are_refused(tmp_path: Path, edits, message: str | None):
    path = write_rig(tmp_path, *edits)
    if message is None:
        assert load_rig(str(path)).rig.arms["main"].follower.driver == "dynamixel"
        return
    with pytest.raises(ConfigError) as caught:
        load_rig(str(path))
    assert str(caught.value).partition(": ")[2] == message


def test_a_clutch_may_have_a_joint_of_its_own(tmp_path: Path):
    loaded = load_tiny(
        tmp_path,
        (
            "        gripper: {id: 2, model: XL330-M288}\n",
            "        gripper: {id: 2, model: XL330-M288}\n"
            "        pedal: {id: 3, model: XL330-M288}\n"
            "      comfort: {clutch: {joint: pedal, threshold_rad: 0.5}}\n",
        ),
    )
    assert loaded.rig.arms["main"].leader_joints == ("shoulder", "gripper", "pedal")


def test_a_spacemouse_stands_for_the_followers_joints(tmp_path: Path):
    loaded = load_tiny(tmp_path, (LEADER, "      driver: spacemouse\n"), NO_MAPPING)
    assert loaded.rig.arms["main"].leader_joints == ("shoulder", "gripper")


def test_the_controllers_node_stands_before_the_topics_last_name(tmp_path: Path):
    edits = [ros2("command: forward_position", "command_topic: /fwd/commands"), NO_WRENCH]
    follower = load_tiny(tmp_path, *edits).rig.arms["main"].follower
    assert follower.controller_node == "/fwd"


MICE = [
    ("path: sim://left", "path: sim://right", None),
    ("serial: A", "serial: B", None),
    ("model: SpaceNavigator", "model: SpaceMouseCompact", None),
    (
        "serial: A",
        "serial: A",
        "arms.right.leader.serial = \"A\": the leader of arm 'left' names the same SpaceMouse; "
        "give each its serial",
    ),
    (
        "path: sim://m",
        "path: sim://m",
        "arms.right.leader.serial: the leader of arm 'left' names the same SpaceMouse; "
        "give each its serial",
    ),
    (
        "serial: A",
        'model: ""',
        "arms.right.leader.serial: this rig has 2 SpaceMice; give each its serial",
    ),
]


@pytest.mark.parametrize(("left", "right", "message"), MICE)
def test_each_arm_needs_a_spacemouse_of_its_own(tmp_path: Path, left, right, message: str | None):
    rig = yaml.safe_load(load_rig("sim_bimanual").text)
    for name, mouse in (("left", left), ("right", right)):
        arm = rig["arms"][name]
        arm["leader"] = {"driver": "spacemouse", **yaml.safe_load(mouse)}
        arm.pop("mapping")
    path = tmp_path / "mice.yaml"
    path.write_text(yaml.safe_dump(rig))
    if message is None:
        load_rig(str(path))
        return
    with pytest.raises(ConfigError) as caught:
        load_rig(str(path))
    assert message in str(caught.value)
