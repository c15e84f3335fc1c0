"""Cross-checks after typing: each with one edit of a good rig and the exact message."""

import math
from pathlib import Path

import pytest
from support.rig_files import URDF, line_of, write_rig

from teleop_collect.errors import ConfigError
from teleop_collect.rig.load import load_rig

LINKS = "base, finger, other_finger, tool, upper"

CASES = [
    # edit, text of the line that is named, message after "FILE:LINE: "
    (
        ("joints: [shoulder, gripper]", "joints: [sholder, gripper]"),
        "joints:",
        'arms.main.joints[0] = "sholder": robot.urdf has no such joint; did you mean '
        "'shoulder'? (known: gripper, shoulder)",
    ),
    (
        ("joints: [shoulder, gripper]", "joints: [shoulder, gripper, mount]"),
        "joints:",
        'arms.main.joints[2] = "mount": a fixed joint cannot be commanded',
    ),
    (
        ("joints: [shoulder, gripper]", "joints: [shoulder, gripper, mirror]"),
        "joints:",
        "arms.main.joints[2] = \"mirror\": follows joint 'gripper' and cannot be commanded itself",
    ),
    (
        ("joints: [shoulder, gripper]", "joints: [shoulder, gripper, shoulder]"),
        "joints:",
        'arms.main.joints[2] = "shoulder": is listed twice',
    ),
    (
        ("joints: [shoulder, gripper]", "joints: []"),
        "joints:",
        "arms.main.joints = []: needs at least one joint",
    ),
    (
        ("tool_frame: tool", "tool_frame: tooo"),
        "tool_frame",
        f"arms.main.tool_frame = \"tooo\": no such link; did you mean 'tool'? (known: {LINKS})",
    ),
    (
        ("frame_id: tool", "frame_id: ft"),
        "frame_id",
        'arms.main.wrench.frame_id = "ft": is simulated at a link, but no such link '
        f"(known: {LINKS})",
    ),
    (
        ("        gripper: {id: 2, model: XL330-M288}\n", ""),
        "servos:",
        "arms.main.leader.servos: no servo for leader joint 'gripper', which drives follower "
        "joint 'gripper'",
    ),
    (
        ("gripper: {id: 2, model: XL330-M288}", "gripper: {id: 1, model: XL330-M288}"),
        "gripper: {id: 1",
        "arms.main.leader.servos.gripper.id = 1: servo 'shoulder' has the same id; each servo on "
        "a bus needs its own",
    ),
    (
        ("        gripper: {id: 2", "        spare: {id: 3, model: X}\n        gripper: {id: 2"),
        "spare",
        "arms.main.leader.servos.spare: no such leader joint in use (known: gripper, shoulder)",
    ),
    (
        ("gripper: {scale: 0.04}", "griper: {scale: 0.04}"),
        "griper",
        "arms.main.mapping.griper: no such joint of this arm; did you mean 'gripper'? "
        "(known: gripper, shoulder)",
    ),
    (
        ("gripper: {scale: 0.04}", "gripper: {leader_joint: trigger}"),
        "servos:",
        "arms.main.leader.servos: no servo for leader joint 'trigger', which drives follower "
        "joint 'gripper'",
    ),
    (
        ("gripper: {scale: 0.04}", "gripper: {scale: 0}"),
        "scale: 0}",
        "arms.main.mapping.gripper.scale = 0: must not be 0: the joint would never move",
    ),
    (
        ("lower: -1.0", "lower: -2.0"),
        "lower: -2.0",
        "arms.main.limits.shoulder.lower = -2.0: must be within the URDF's limits -1.5 to 1.5",
    ),
    (
        ("lower: -1.0", "lower: 1.2"),
        "lower: 1.2",
        "arms.main.limits.shoulder.lower = 1.2: must be less than upper (1)",
    ),
    (
        ("velocity: 1.0", "velocity: 2.5"),
        "velocity: 2.5",
        "arms.main.limits.shoulder.velocity = 2.5: must be at most the URDF's velocity limit 2",
    ),
    (
        ("shoulder: {lower", "sholder: {lower"),
        "sholder",
        "arms.main.limits.sholder: no such joint of this arm; did you mean 'shoulder'? "
        "(known: gripper, shoulder)",
    ),
    (
        ("home: {shoulder: 0.5}", "home: {shoulder: 1.2}"),
        "home",
        "arms.main.home.shoulder = 1.2: must be within the joint's limits -1 to 1",
    ),
    (
        ("home: {shoulder: 0.5}", "home: {elbow: 0.5}"),
        "home",
        "arms.main.home.elbow: no such joint of this arm (known: gripper, shoulder)",
    ),
    (
        ("parent: main/upper", "parent: main/uper"),
        "mount:",
        "cameras.scene.mount.parent = \"main/uper\": arm 'main': no such link; did you mean "
        f"'upper'? (known: {LINKS})",
    ),
    (
        ("parent: main/upper", "parent: upper"),
        "mount:",
        'cameras.scene.mount.parent = "upper": must be world or main/LINK',
    ),
    (
        ("success: {object: cube,", "success: {object: cub,"),
        "success",
        "tasks.pick.success.object = \"cub\": no such object; did you mean 'cube'? "
        "(known: bin, cube)",
    ),
    (
        ("relative_to: bin", "relative_to: box"),
        "success",
        'tasks.pick.success.relative_to = "box": no such object (known: bin, cube)',
    ),
    (
        ("size_m: [1, 1, 1]", "size_m: [1, 0, 1]"),
        "success",
        "tasks.pick.success.size_m = [1, 0, 1]: every side must be greater than 0",
    ),
    (
        ("instruction: pick the cube", "instruction: ' '"),
        "instruction",
        'tasks.pick.instruction = " ": must say what the operator is asked to do',
    ),
    (
        ("  bin: {rate_hz: 50}", "  bin: {rate_hz: 50}\n  ball: {rate_hz: 50}"),
        "ball",
        "objects.ball: the simulated scene has no such object (known: bin, cube)",
    ),
    (
        ("rate_hz: 500", "rate_hz: 300"),
        "rate_hz: 300",
        "arms.main.wrench.rate_hz = 300: must divide sim.physics_hz (1000) without remainder",
    ),
    (
        ("serial: F1", "serial: F1\n      command: forward_position"),
        "command:",
        'arms.main.follower.command = "forward_position": the simulated follower takes '
        "joint_trajectory only",
    ),
    (
        ("serial: F1", "serial: F1\n      command_topic: follower/joint_states"),
        "command_topic",
        'arms.main.follower.command_topic = "follower/joint_states": the topic '
        "'follower/joint_states' is used twice in this rig; each stream needs its own",
    ),
    (
        ("serial: F1", "serial: F1\n      command_topic: a b"),
        "command_topic",
        'arms.main.follower.command_topic = "a b": must be a topic name: words of letters, digits '
        "and '_', joined by '/'",
    ),
    (
        ("recording:", "streams:\n  imu//data: {type: sensor_msgs/msg/Imu}\nrecording:"),
        "imu//data",
        "streams.imu//data: must be a topic name: words of letters, digits and '_', joined by '/'",
    ),
    (
        ("compression: zstd", "chunk_age_s: 0.5"),
        "chunk_age_s",
        "recording.chunk_age_s = 0.5: must be at most 0.25",
    ),
    (
        ("compression: zstd", "fsync_s: 5"),
        "fsync_s",
        "recording.fsync_s = 5: must be at most 1",
    ),
    (
        ("recording:", "teleop:\n  watchdog: {hold_after_s: 0.2, fault_after_s: 0.2}\nrecording:"),
        "watchdog",
        "teleop.watchdog.fault_after_s = 0.2: must be greater than hold_after_s (0.2)",
    ),
    (
        ("recording:", "teleop:\n  watchdog: {hold_after_s: 0.005}\nrecording:"),
        "watchdog",
        "teleop.watchdog.hold_after_s = 0.005: must be at least two periods of arm 'main' (0.01 s)",
    ),
    (
        ("urdf: robot.urdf", "urdf: builtin:demo_amr"),
        "urdf",
        'arms.main.urdf = "builtin:demo_amr": no robot description of that name ships; did you '
        "mean 'demo_arm'? (shipped: demo_arm, fr3, koch_follower, ur5e_2f85, viperx_300s)",
    ),
    (
        ("urdf: robot.urdf", "urdf: package://a/b.urdf"),
        "urdf",
        'arms.main.urdf = "package://a/b.urdf": a URL is not followed; give the path of '
        "a URDF file, or builtin:NAME",
    ),
]


@pytest.mark.parametrize(("edit", "marked", "message"), CASES, ids=[c[2][:60] for c in CASES])
def test_a_rig_that_contradicts_itself_is_refused(
    tmp_path: Path, edit: tuple[str, str], marked: str, message: str
):
    path = write_rig(tmp_path, edit)
    assert _refusal(path) == f"{path}:{line_of(path, marked)}: {message}"


def test_a_joint_without_home_rests_at_zero_which_must_be_within_its_limits(tmp_path: Path):
    path = write_rig(tmp_path, ("lower: -1.0", "lower: 0.2"), ("home: {shoulder: 0.5}", "home: {}"))
    assert _refusal(path) == (
        f"{path}:{line_of(path, 'home')}: arms.main.home.shoulder: is 0 where the rig file names "
        "no value, but must be within the joint's limits 0.2 to 1"
    )


def test_simulated_devices_need_the_section_sim(tmp_path: Path):
    start = "sim:\n  cube: {xyz_m: [0.3, 0.1, 0.02]}\n  bin: {xyz_m: [0.3, -0.2, 0.0]}\n"
    path = write_rig(tmp_path, (start, ""))
    assert _refusal(path) == (
        f"{path}:{_first(path, 'driver: sim')}: "
        "arms.main.follower.driver = \"sim\": a simulated device needs the section 'sim' in the "
        "rig file"
    )


def test_a_queue_that_cannot_hold_four_images_is_refused(tmp_path: Path):
    path = write_rig(
        tmp_path,
        ("width: 64\n    height: 48", "width: 1024\n    height: 768"),
        ("compression: zstd", "queue_bytes: 1048576"),
    )
    assert _refusal(path) == (
        f"{path}:{line_of(path, 'queue_bytes')}: recording.queue_bytes = 1048576: must hold four "
        "images of every camera: at least 12582912"
    )


def test_a_pre_roll_that_would_take_the_queue_is_refused(tmp_path: Path):
    path = write_rig(
        tmp_path,
        ("width: 64\n    height: 48", "width: 1024\n    height: 768"),
        ("compression: zstd", "queue_bytes: 67108864\n  pre_roll_s: 2.0"),
    )
    needed = 2 * 1024 * 768 * 5 * 30
    assert _refusal(path) == (
        f"{path}:{line_of(path, 'pre_roll_s')}: recording.pre_roll_s = 2.0: images of so long take "
        f"{needed} bytes, and a pre-roll may take 40% of recording.queue_bytes: at most "
        f"{0.4 * 67108864 * 2 / needed:.2g} s, or a queue of at least {math.ceil(needed / 0.4)}"
    )


def test_a_missing_urdf_is_named(tmp_path: Path):
    path = write_rig(tmp_path, ("urdf: robot.urdf", "urdf: none.urdf"))
    assert _refusal(path) == (
        f'{path}:{line_of(path, "urdf")}: arms.main.urdf = "none.urdf": no such file: '
        f"{tmp_path}/none.urdf"
    )


def test_a_joint_without_any_speed_limit_is_refused(tmp_path: Path):
    urdf = URDF.replace('velocity="0.2"', 'velocity="0"')
    path = write_rig(tmp_path, urdf=urdf)
    assert _refusal(path) == (
        f"{path}:{line_of(path, 'limits')}: arms.main.limits.gripper.velocity: the URDF gives "
        "joint 'gripper' no speed limit; give one here (rad/s or m/s)"
    )


TWO_ARMS = (
    ("  main:\n", "  left: &left\n"),
    (
        "cameras:",
        "  right:\n    <<: *left\n    prefix: RIGHT\n    leader: LEADER\n"
        "    follower: {driver: sim, serial: F2, command_topic: TOPIC}\ncameras:",
    ),
    ("parent: main/upper", "parent: left/upper"),
)
LEADER = (
    "{serial: L2, port: sim://other, servos: "
    "{shoulder: {id: 1, model: X}, gripper: {id: 2, model: X}}}"
)


def _two_arms(tmp_path: Path, *edits: tuple[str, str]) -> Path:
    path = write_rig(tmp_path, *TWO_ARMS)
    text = path.read_text()
    good = (
        ("RIGHT", "right"),
        ("LEADER", LEADER),
        ("TOPIC", "right/command"),
        ("urdf: robot.urdf\n", "urdf: robot.urdf\n    prefix: left\n"),
    )
    for old, new in (*good, *edits):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text)
    return path


def test_two_arms_load(tmp_path: Path):
    assert list(load_rig(str(_two_arms(tmp_path))).rig.arms) == ["left", "right"]


def test_two_arms_need_a_prefix_each(tmp_path: Path):
    path = _two_arms(tmp_path, ("    prefix: right\n", "    prefix: ''\n"))
    line = line_of(path, "prefix: ''")
    assert _refusal(path) == (
        f'{path}:{line}: arms.right.prefix = "": a rig with 2 arms '
        "needs a prefix for each, such as 'right'"
    )


def test_two_arms_need_different_prefixes(tmp_path: Path):
    path = _two_arms(tmp_path, ("    prefix: right\n", "    prefix: left  # same\n"))
    assert _refusal(path) == (
        f"{path}:{line_of(path, '# same')}: arms.right.prefix = \"left\": arm 'left' has the same "
        "prefix"
    )


def test_two_leaders_need_different_ports(tmp_path: Path):
    path = _two_arms(tmp_path, ("sim://other", "sim://tiny"))
    assert _refusal(path) == (
        f'{path}:{line_of(path, "L2")}: arms.right.leader.port = "sim://tiny": the leader of '
        "arm 'left' has the same port; give each leader its own"
    )


def test_two_arms_need_different_command_topics(tmp_path: Path):
    path = _two_arms(tmp_path, ("right/command", "follower/joint_trajectory"))
    assert _refusal(path).endswith(
        "the topic 'follower/joint_trajectory' is used twice in this rig; each stream needs its own"
    )


def test_an_arm_may_not_stand_on_itself(tmp_path: Path):
    path = _two_arms(
        tmp_path, ("    prefix: right\n", "    prefix: right\n    base: {parent: right/upper}\n")
    )
    assert _refusal(path) == (
        f'{path}:{line_of(path, "base:")}: arms.right.base.parent = "right/upper": must be world '
        "or left/LINK"
    )


def _first(path: Path, text: str) -> int:
    return next(i for i, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def _refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_rig(str(path))
    return str(caught.value)
