"""Every way a rig file can be wrong, with the exact message."""

from pathlib import Path

import pytest
from support.rig_files import RIG, line_of, write_rig

from teleop_collect.errors import ConfigError
from teleop_collect.rig.load import load_rig

LEADER_KEYS = "baud, comfort, driver, port, rate_hz, serial, servos"

TYPING = [
    (
        ("    leader:\n", "    leader:\n      driver: dynamixl\n"),
        "dynamixl",
        "arms.main.leader.driver = \"dynamixl\": no such driver; did you mean 'dynamixel'? "
        "(known: dynamixel, spacemouse, topic)",
    ),
    (
        ("    follower:\n      driver: sim\n", "    follower:\n      driver: ros_control\n"),
        "ros_control",
        'arms.main.follower.driver = "ros_control": no such driver; did you mean '
        "'ros2_control'? (known: dynamixel, ros2_control, sim)",
    ),
    (
        ("    follower:\n      driver: sim\n", "    follower:\n"),
        "follower:",
        "arms.main.follower: needs the key 'driver': dynamixel or ros2_control or sim",
    ),
    (
        ("  scene:\n    driver: sim\n", "  scene:\n    driver: realsens\n    serial: x\n"),
        "realsens",
        "cameras.scene.driver = \"realsens\": no such driver; did you mean 'realsense'? "
        "(known: realsense, sim, topic)",
    ),
    (
        ("  scene:\n    driver: sim\n", "  scene:\n    driver: topic\n    preset: High Accuracy\n"),
        "preset",
        'cameras.scene.preset = "High Accuracy": unknown key (known here: depth, driver, fovy_rad, '
        "fps, height, metadata, mount, namespace, serial, transport, width)",
    ),
    # edit, text of the line that is named, message after "FILE:LINE: "
    (
        ("      rate_hz: 200\n      servos", "      rate_ms: 5\n      servos"),
        "rate_ms",
        "arms.main.leader.rate_ms = 5: unknown key; did you mean 'rate_hz' (in hertz)?",
    ),
    (
        ("      serial: L1", "      seral: L1"),
        "seral",
        "arms.main.leader.seral = \"L1\": unknown key; did you mean 'serial'? "
        f"(known here: {LEADER_KEYS}) (and 1 more)",
    ),
    (
        ("      port: sim://tiny", "      port: sim://tiny\n      tint: red"),
        "tint",
        f'arms.main.leader.tint = "red": unknown key (known here: {LEADER_KEYS})',
    ),
    (
        ("recording:\n  compression: zstd", "recording:\n  max_episode_min: 5"),
        "max_episode_min",
        "recording.max_episode_min = 5: unknown key; did you mean 'max_episode_s'? (known here: "
        "chunk_age_s, chunk_bytes, codecs, compression, fsync_s, max_episode_s, min_free_bytes, "
        "pre_roll_s, queue_bytes, root, zstd_level)",
    ),
    (
        ("{shoulder: 0.5}", "{shoulder: fast}"),
        "{shoulder: fast}",
        'arms.main.home.shoulder = "fast": must be a number',
    ),
    (
        ("{shoulder: 0.5}", "{shoulder: true}"),
        "{shoulder: true}",
        "arms.main.home.shoulder = true: must be a number",
    ),
    (
        ("{shoulder: 0.5}", "{shoulder: .nan}"),
        "{shoulder: .nan}",
        "arms.main.home.shoulder = NaN: must be a finite number",
    ),
    (
        ("id: 1,", "id: 1.5,"),
        "id: 1.5",
        "arms.main.leader.servos.shoulder.id = 1.5: must be a whole number",
    ),
    (
        ("id: 1,", "id: 253,"),
        "id: 253",
        "arms.main.leader.servos.shoulder.id = 253: must be at most 252",
    ),
    (
        ("rate_hz: 500", "rate_hz: -500"),
        "-500",
        "arms.main.wrench.rate_hz = -500: must be greater than 0",
    ),
    (
        ("width: 64", "width: 8"),
        "width: 8",
        "cameras.scene.width = 8: must be at least 16",
    ),
    (
        ("compression: zstd", "compression: zst"),
        "compression",
        "recording.compression = \"zst\": must be zstd or lz4 or none; did you mean 'zstd'?",
    ),
    (
        ("teleop_collect.rig/1", "teleop_collect.rig/2"),
        "schema",
        'schema = "teleop_collect.rig/2": must be teleop_collect.rig/1; did you mean '
        "'teleop_collect.rig/1'?",
    ),
    (
        ("      serial: F1\n", ""),
        "follower:",
        "arms.main.follower.serial: this key is missing and has no default",
    ),
    (
        ("embodiment: two_joints\n", ""),
        "schema",
        "embodiment: this key is missing and has no default",
    ),
    (
        ("name: tiny", "name: Tiny Rig"),
        "name: Tiny",
        'name = "Tiny Rig": must be lower-case letters, digits and _, a letter first, at most 64',
    ),
    (
        ("  scene:", "  Scene:"),
        "Scene",
        "cameras.Scene: as a name must be lower-case letters, digits and _, a letter first, "
        "at most 64",
    ),
    (
        ("cube: {xyz_m: [0.3, 0.1, 0.02]}", "cube: {xyz_m: [0.3, 0.1]}"),
        "[0.3, 0.1]",
        "sim.cube.xyz_m = [0.3, 0.1]: must have 3 entries",
    ),
    (
        ("cube: {xyz_m: [0.3, 0.1, 0.02]}", "cube: {xyz_m: [0.3, 0.1, 0.02, 1]}"),
        "0.02, 1]",
        "sim.cube.xyz_m = [0.3, 0.1, 0.02, 1]: must have 3 entries",
    ),
    (
        ("joints: [shoulder, gripper]", "joints: shoulder"),
        "joints: shoulder",
        'arms.main.joints = "shoulder": must be a list',
    ),
    (
        ("objects:\n  cube: {rate_hz: 50}", "objects:\n  cube: 50"),
        "cube: 50",
        "objects.cube = 50: must be a mapping of keys to values",
    ),
    (
        ("instruction: pick the cube", "instruction: 7"),
        "instruction",
        "tasks.pick.instruction = 7: must be text",
    ),
    (
        ("height: 48", "height: 48\n    depth: 'no'"),
        "depth",
        'cameras.scene.depth = "no": must be true or false',
    ),
]


@pytest.mark.parametrize(("edit", "marked", "message"), TYPING, ids=[t[1] for t in TYPING])
def test_typing_errors_name_file_line_key_value_and_the_way_out(
    tmp_path: Path, edit: tuple[str, str], marked: str, message: str
):
    path = write_rig(tmp_path, edit)
    with pytest.raises(ConfigError) as caught:
        load_rig(str(path))
    assert str(caught.value) == f"{path}:{line_of(path, marked)}: {message}"


YAML = [
    ("", "1: a rig file is a mapping of keys to values"),
    ("- 1\n", "1: a rig file is a mapping of keys to values"),
    ("a: [1\nb: 2\n", "2: not YAML: expected ',' or ']', but got ':' (column 2)"),
    ("a: 1\nb: 2\na: 3\n", "3: a: duplicate key, first given in line 1"),
    ("a:\n  b: {c: 1,\n c: 2}\n", "3: a.b.c: duplicate key, first given in line 2"),
    (
        "a: !!python/object/apply:os.system [ls]\n",
        '1: a: the tag "tag:yaml.org,2002:python/object/apply:os.system" is not allowed',
    ),
    ("? [1, 2]\n: 3\n", "1: the file: a key must be text"),
    ("a: " + "[" * 30 + "]" * 30, "1: nested deeper than 24 levels"),
    ("a: &a [*a]\n", "1: aliases nest deeper than 24 levels"),
    ("a: &a {<<: *a}\n", "1: aliases nest deeper than 24 levels"),
    ("a: {<<: [1]}\n", "1: a: << takes an alias of a mapping"),
    ("a: 1\n---\nb: 2\n", "2: not YAML: but found another document (column 1)"),
    ('a: "\\ud800"\n', "1: text holds half of a UTF-16 pair, which is no character"),
]


@pytest.mark.parametrize(("text", "message"), YAML, ids=[m for _, m in YAML])
def test_yaml_that_is_refused(tmp_path: Path, text: str, message: str):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_rig(str(path))
    assert str(caught.value) == f"{path}:{message}"


def test_an_alias_bomb_is_refused(tmp_path: Path):
    path = tmp_path / "bomb.yaml"
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    path.write_text("\n".join(rows))
    with pytest.raises(ConfigError) as caught:
        load_rig(str(path))
    assert str(caught.value) == f"{path}:1: the file expands to more than 20000 values"


def test_a_merge_bomb_is_refused(tmp_path: Path):
    path = tmp_path / "bomb.yaml"
    rows = ["a0: &a0 {x: 1}"]
    rows += [
        f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 10)}], y{i}: 1}}" for i in range(1, 10)
    ]
    path.write_text("\n".join(rows))
    with pytest.raises(ConfigError) as caught:
        load_rig(str(path))
    assert str(caught.value).endswith("the file expands to more than 20000 values")


def test_a_file_over_the_size_limit_is_refused(tmp_path: Path):
    path = tmp_path / "big.yaml"
    path.write_text(RIG + "#" * (1 << 20))
    with pytest.raises(ConfigError) as caught:
        load_rig(str(path))
    assert str(caught.value) == f"{path}:1: the file has more than 1048576 bytes"


def test_text_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path):
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"a: 1\nb: caf\xe9\n")
    with pytest.raises(ConfigError) as caught:
        load_rig(str(path))
    assert str(caught.value) == f"{path}:2: the text is not UTF-8 (byte 11)"


def test_words_and_numbers_are_read_as_yaml_1_2_does(tmp_path: Path):
    path = write_rig(
        tmp_path,
        ("compression: zstd", "compression: none\n  root: no\n  queue_bytes: 268435456"),
        ("fovy_rad: 0.9", "fovy_rad: 9e-1"),
        ("serial: F1", 'serial: "010"'),
    )
    rig = load_rig(str(path)).rig
    assert (rig.recording.root, rig.recording.compression) == ("no", "none")
    assert rig.cameras["scene"].fovy_rad == 0.9
    assert rig.arms["main"].follower.serial == "010"


def test_the_error_inside_a_merged_mapping_names_the_line_that_holds_the_value(tmp_path: Path):
    path = write_rig(
        tmp_path,
        ("  scene:", "  left: &camera"),
        ("mount: {parent: main/upper}", "fps: -3\n  right: {<<: *camera, serial: b, fps: 30}"),
    )
    with pytest.raises(ConfigError) as caught:
        load_rig(str(path))
    line = line_of(path, "fps: -3")
    assert str(caught.value) == f"{path}:{line}: cameras.left.fps = -3: must be greater than 0"
