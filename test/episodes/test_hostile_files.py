"""Foreign, damaged and malicious files end in one message, without memory or time being spent."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from mcap.writer import CompressionType, Writer
from rosbags.typesys import Stores, get_typestore
from support.hostile_files import HOSTILE, OVERFULL, REPORTED, SPARSE, valid
from support.measured_commands import MeasuredCommands, Outcome
from support.synthetic_episode import write_episode

from teleop_collect.episodes.reader import open_episode
from teleop_collect.errors import UnreadableError

Content = bytes | Callable[[Path], None]
FILES: dict[str, Content] = {**HOSTILE, **OVERFULL, **SPARSE}
IMAGE = "sensor_msgs/msg/Image"
MAX_GROWTH_KB, MAX_CPU_S = 200 << 10, 1.0


def place(path: Path, content: Content) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)


def read_everything(path: Path) -> dict[str, list[bytes]]:
    with open_episode(path) as episode:
        episode.scan()
        _ = episode.attachments, episode.metadata
        for topic in episode.streams:
            episode.read(topic)
        return {t: [bytes(m.data) for m in episode.read_messages(t)] for t in episode.streams}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES.keys())
def test_hostile_file_ends_in_one_message(tmp_path: Path, content: Content):
    path = tmp_path / "hostile.mcap"
    place(path, content)
    with pytest.raises(UnreadableError) as caught:
        read_everything(path)
    assert "hostile.mcap" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeasuredCommands]:
    folder = tmp_path_factory.mktemp("good") / "bag"
    folder.mkdir()
    good = folder / "good.mcap"
    good.write_bytes(valid())
    (folder / "cut.mcap").write_bytes(valid()[:-40])
    verbs = (
        ["qa", "--json", str(good)],
        ["episodes", "show", str(good)],
        ["verify", str(good)],
        ["salvage", str(folder / "cut.mcap")],
    )
    with MeasuredCommands(verbs) as running:
        yield running


def measured(commands: MeasuredCommands, *verb: str) -> Outcome:
    """A command's outcome; of a slow one that of a second run: the machine may have been slow."""
    outcome = commands.run(*verb)
    return outcome if is_cheap(outcome) else commands.run(*verb)


def is_cheap(outcome: Outcome) -> bool:
    return outcome.grown_kb < MAX_GROWTH_KB and outcome.cpu_s < MAX_CPU_S


def test_there_are_enough_of_them():
    assert len(FILES) + len(REPORTED) >= 70


@pytest.mark.parametrize("content", FILES.values(), ids=FILES.keys())
def test_every_command_refuses_a_hostile_file_quickly_and_writes_nothing(
    tmp_path: Path, commands: MeasuredCommands, content: Content
):
    folder = tmp_path / "bag"
    folder.mkdir()
    path = folder / "hostile.mcap"
    place(path, content)
    is_overfull = content in (*OVERFULL.values(), *SPARSE.values())
    verbs = {
        ("qa", "--json", str(folder)): (2,),
        ("episodes", "show", str(folder)): (0, 2) if is_overfull else (2,),
        ("verify", str(path)): (0, 1, 2) if is_overfull else (1, 2),
    }
    for verb, codes in verbs.items():
        outcome = measured(commands, *verb)
        assert outcome.code in codes, outcome
        assert outcome.code == 0 or "hostile.mcap" in outcome.printed, outcome
        assert is_cheap(outcome), outcome
        assert [f.name for f in folder.iterdir()] == ["hostile.mcap"], verb


@pytest.mark.parametrize("content", FILES.values(), ids=FILES.keys())
def test_salvage_survives_a_hostile_file_and_writes_beside_it_alone(
    tmp_path: Path, commands: MeasuredCommands, content: Content
):
    folder = tmp_path / "bag"
    folder.mkdir()
    place(folder / "hostile.mcap", content)
    outcome = measured(commands, "salvage", str(folder / "hostile.mcap"))
    assert outcome.code in (0, 1, 2, 3), outcome
    assert outcome.grown_kb < MAX_GROWTH_KB, outcome
    assert {f.name for f in folder.iterdir()} <= {"hostile.mcap", "hostile.recovered.mcap"}
    assert [f.name for f in tmp_path.iterdir()] == ["bag"]


@pytest.mark.parametrize("data", REPORTED.values(), ids=REPORTED.keys())
def test_a_file_of_which_nothing_can_be_decoded_is_no_episode(
    tmp_path: Path, commands: MeasuredCommands, data: bytes
):
    folder = tmp_path / "bag"
    folder.mkdir()
    (folder / "hostile.mcap").write_bytes(data)
    outcome = measured(commands, "qa", "--json", str(folder))
    assert outcome.code == 2, outcome
    assert is_cheap(outcome), outcome
    assert [f.name for f in folder.iterdir()] == ["hostile.mcap"]


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An episode's folder without its recording."""
    folder = write_episode(tmp_path_factory.mktemp("episode"), duration_s=0.1, cameras=())
    next(folder.glob("*.mcap")).unlink()
    return folder


@pytest.mark.parametrize("content", (FILES | REPORTED).values(), ids=(FILES | REPORTED).keys())
def test_a_hostile_file_in_an_episode_is_refused_and_nothing_is_written(
    documents: Path, commands: MeasuredCommands, content: Content
):
    before = {path.name: path.read_bytes() for path in documents.iterdir()}
    path = documents / f"{documents.name}.mcap"
    place(path, content)
    try:
        outcome = measured(commands, "qa", "--json", str(documents))
    finally:
        path.unlink()
    assert outcome.code == 2, outcome
    assert is_cheap(outcome), outcome
    assert {path.name: path.read_bytes() for path in documents.iterdir()} == before


def test_what_compresses_as_well_as_sensors_do_is_read_for_hours(tmp_path: Path):
    path = tmp_path / "long.mcap"
    noise = np.random.default_rng(0)
    with path.open("wb") as stream:
        writer = Writer(stream, compression=CompressionType.ZSTD)
        writer.start("ros2")
        definition = get_typestore(Stores.ROS2_JAZZY).generate_msgdef(IMAGE, ros_version=2)[0]
        schema = writer.register_schema(IMAGE, "ros2msg", definition.encode())
        channel = writer.register_channel("/depth", "cdr", schema)
        # 100 : 1, over three times what rendered depth compresses to.
        for number in range(3000):
            body = bytes(99 << 10) + noise.bytes(1 << 10)
            writer.add_message(channel, number, body, number)
        writer.finish()
    with open_episode(path) as episode:
        assert len(episode.times("/depth")) == 3000


def test_metadata_with_an_alias_bomb_and_pipes_are_left_alone(tmp_path: Path):
    folder = tmp_path / "bag"
    folder.mkdir()
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 10))
    listing = f"l0: &l0 [a]\n{levels}rosbag2_bagfile_information: {{relative_file_paths: *l9}}\n"
    (folder / "metadata.yaml").write_text(listing)
    os.mkfifo(folder / "pipe.mcap")
    with pytest.raises(UnreadableError, match=r"holds no \.mcap"):
        open_episode(folder)


def test_the_file_that_the_hostile_ones_are_made_from_is_good(tmp_path: Path):
    path = tmp_path / "good.mcap"
    path.write_bytes(valid())
    with open_episode(path) as episode:
        assert episode.read("/a").values["data"].tolist() == ["x"]


def test_truncation_is_refused_and_a_flipped_bit_never_changes_what_is_read(tmp_path: Path):
    options = {"duration_s": 0.1, "cameras": ("scene",), "size": (16, 16), "chunk_size": 8192}
    folder = write_episode(tmp_path, **options)
    (path,) = folder.glob("*.mcap")
    data, messages = path.read_bytes(), read_everything(path)
    bare = tmp_path / "bare.mcap"
    rng = np.random.default_rng(0)
    for length in rng.integers(0, len(data), 60):
        bare.write_bytes(data[:length])
        with pytest.raises(UnreadableError):
            read_everything(bare)
    for position in rng.integers(0, len(data), 150):
        flipped = bytearray(data)
        flipped[position] ^= 1 << int(rng.integers(0, 8))
        bare.write_bytes(flipped)
        try:
            assert read_everything(bare) == messages
        except UnreadableError as error:
            assert "bare.mcap" in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    "definition",
    [
        b"C[400000000] x\n" + b"=" * 80 + b"\nMSG: a/C\nuint8 y\n",
        b"B x\n",
        b"C x\n",
        b"uint8 x\n" * 100_000,
        b"\xff\xfe",
    ],
)
def test_hostile_definitions_are_not_used(tmp_path: Path, definition: bytes):
    path = tmp_path / "odd.mcap"
    with path.open("wb") as stream:
        writer = Writer(stream)
        writer.start("ros2")
        channel = writer.register_channel(
            "/a", "cdr", writer.register_schema("a/msg/B", "ros2msg", definition)
        )
        writer.add_message(channel, 1, b"\0\1\0\0", 1)
        writer.finish()
    with open_episode(path) as episode:
        assert not episode.streams["/a"].decodable


def test_a_type_name_is_never_run_as_code(tmp_path: Path):
    path = tmp_path / "odd.mcap"
    proof = tmp_path / "proof"
    name = f"a/msg/B:\n    open({str(proof)!r}, 'w')\nclass C"
    with path.open("wb") as stream:
        writer = Writer(stream)
        writer.start("ros2")
        schema = writer.register_schema(name, "ros2msg", b"uint8 x\n")
        writer.register_channel("/a", "cdr", schema)
        writer.finish()
    with open_episode(path) as episode:
        assert not episode.streams["/a"].decodable
    assert not proof.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("manifest.json", "{"),
        ("manifest.json", "[1]"),
        ("manifest.json", '{"streams": 3}'),
        ("manifest.json", "[" * 100_000),
        ("labels.jsonl", "nonsense\n"),
        ("labels.jsonl", '{"success": 3, "at_ns": 1}\n'),
    ],
)
def test_malformed_texts_beside_the_file_are_refused(tmp_path: Path, name: str, content: str):
    folder = write_episode(tmp_path, duration_s=0.1, cameras=())
    (folder / name).write_text(content)
    with pytest.raises(UnreadableError, match=name):
        open_episode(folder)


def test_metadata_cannot_name_files_outside_the_folder(tmp_path: Path):
    outside = tmp_path / "secret.mcap"
    outside.write_bytes(valid())
    folder = tmp_path / "bag"
    folder.mkdir()
    listing = '{"rosbag2_bagfile_information": {"relative_file_paths": ["../secret.mcap"]}}'
    (folder / "metadata.yaml").write_text(listing)
    with pytest.raises(UnreadableError, match=r"holds no \.mcap"):
        open_episode(folder)


@pytest.mark.parametrize(
    ("file", "hint"),
    [("x.mcap.active", "salvage"), ("x.db3", "ros2 bag convert"), ("x.mcap.zstd", "unpack")],
)
def test_folders_of_other_kinds_get_a_hint(tmp_path: Path, file: str, hint: str):
    (tmp_path / file).touch()
    with pytest.raises(UnreadableError, match=hint):
        open_episode(tmp_path)


def test_missing_path_is_named(tmp_path: Path):
    with pytest.raises(UnreadableError, match="nowhere: no such file or folder"):
        open_episode(tmp_path / "nowhere")
