import json
from pathlib import Path

import numpy as np
import pytest
from mcap.writer import CompressionType, IndexType, Writer
from support.planted_defects import joint_edit
from support.synthetic_episode import (
    JOINTS,
    NS,
    START_NS,
    Plan,
    Sample,
    build_plan,
    write_episode,
    write_mcap,
)

import teleop_collect
from teleop_collect.episodes.reader import open_episode
from teleop_collect.errors import UnreadableError

FOLLOWER = "/follower/joint_states"
COLOR = "/cameras/scene/color/image_raw"
DEPTH = "/cameras/scene/aligned_depth_to_color/image_raw"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return build_plan("e", START_NS, 1.0, 7, True, ("scene",), (32, 24))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    return write_episode(root, duration_s=1.0, seed=7, cameras=("scene",), size=(32, 24))


def test_every_stream_is_listed_with_type_count_and_ledger(folder: Path, plan: Plan):
    with teleop_collect.open_episode(folder) as episode:
        assert set(episode.streams) == set(plan.streams)
        for topic, stream in plan.streams.items():
            info = episode.streams[topic]
            assert (info.type, info.count) == (stream.type, len(stream.samples))
            assert (info.expected_hz, info.required) == (stream.expected_hz, stream.required)
            assert info.decodable
            assert info.metadata["topic_type_hash"].startswith("RIHS01_")


def test_times_are_those_that_were_written(folder: Path, plan: Plan):
    with open_episode(folder) as episode:
        for topic, stream in plan.streams.items():
            times = episode.times(topic)
            stamped = stream.type != "std_msgs/msg/String"
            assert times.log_ns.tolist() == [s.log_ns for s in stream.samples]
            assert times.publish_ns.tolist() == [s.stamp_ns for s in stream.samples]
            assert times.sequence.tolist() == list(range(len(stream.samples)))
            expected = [s.stamp_ns if stamped else s.log_ns for s in stream.samples]
            assert times.stamp_ns.tolist() == expected


def test_values_are_those_that_were_written(folder: Path, plan: Plan):
    with open_episode(folder) as episode:
        joints = episode.read("follower/joint_states")
        assert joints.names == JOINTS
        for key in ("position", "velocity", "effort"):
            expected = np.array([s.value[key] for s in plan.streams[FOLLOWER].samples])
            np.testing.assert_array_equal(joints.values[key], expected)
        wrench = episode.read("/follower/wrench").values
        samples = plan.streams["/follower/wrench"].samples
        np.testing.assert_array_equal(wrench["force_n"], [s.value["force"] for s in samples])
        np.testing.assert_array_equal(wrench["torque_nm"], [s.value["torque"] for s in samples])
        pose = episode.read("/objects/cube/pose").values
        samples = plan.streams["/objects/cube/pose"].samples
        np.testing.assert_array_equal(pose["position_m"], [s.value["position"] for s in samples])
        assert pose["quat_xyzw"].tolist() == [[0.0, 0.0, 0.0, 1.0]] * len(samples)
        status = episode.read("/teleop/status").values
        assert set(status["teleop: main.state"]) == {"ENGAGED"}
        assert set(status["level"]) == {0}
        info = episode.read("/cameras/scene/color/camera_info").values
        assert info["k"][0].tolist() == [32, 0, 16, 0, 32, 12, 0, 0, 1]
        task = json.loads(episode.read("/task").values["data"][0])
        assert task["task_id"] == "pick_cube"


def test_images_are_those_that_were_written(folder: Path, plan: Plan):
    with open_episode(folder) as episode:
        for topic, dtype in ((COLOR, np.uint8), (DEPTH, np.uint16)):
            samples = plan.streams[topic].samples
            images = list(episode.iter_images(topic))
            assert [(stamp, log) for stamp, log, _ in images] == [
                (s.stamp_ns, s.log_ns) for s in samples
            ]
            for (_, _, pixels), sample in zip(images, samples, strict=True):
                assert pixels.dtype == dtype
                np.testing.assert_array_equal(pixels, sample.value["pixels"])
            for position in (0, 17, -1):
                np.testing.assert_array_equal(
                    episode.image(topic, position), samples[position].value["pixels"]
                )


def test_colour_is_rgb_whatever_the_encoding_and_row_padding(tmp_path: Path):
    def as_bgra(plan: Plan) -> None:
        for sample in plan.streams[COLOR].samples:
            rgb = sample.value["pixels"]
            pixels = np.full((*rgb.shape[:2], 4), 9, np.uint8)
            pixels[..., :3] = rgb[..., ::-1]
            sample.value = {**sample.value, "pixels": pixels, "encoding": "bgra8"}

    options = {"duration_s": 0.2, "cameras": ("scene",), "size": (16, 16)}
    plain = write_episode(tmp_path / "a", **options)
    swapped = write_episode(tmp_path / "b", **options, defects=[as_bgra])
    with open_episode(plain) as a, open_episode(swapped) as b:
        for (_, _, left), (_, _, right) in zip(
            a.iter_images(COLOR), b.iter_images(COLOR), strict=True
        ):
            np.testing.assert_array_equal(left, right)


def test_joints_are_keyed_by_name_when_their_order_changes_and_some_are_absent(tmp_path: Path):
    def shuffle(plan: Plan) -> None:
        samples = plan.streams[FOLLOWER].samples
        for sample in samples[10:20]:
            for key in ("name", "position", "velocity", "effort"):
                sample.value[key] = sample.value[key][::-1]
        for key in ("name", "position", "velocity", "effort"):
            samples[20].value[key] = samples[20].value[key][1:]

    options = {"duration_s": 0.3, "cameras": ()}
    plain = write_episode(tmp_path / "a", **options)
    shuffled = write_episode(tmp_path / "b", **options, defects=[shuffle])
    with open_episode(plain) as a, open_episode(shuffled) as b:
        expected = a.read(FOLLOWER).values["position"].copy()
        expected[20, 0] = np.nan
        assert b.read(FOLLOWER).names == JOINTS
        np.testing.assert_array_equal(b.read(FOLLOWER).values["position"], expected)


def test_attachments_and_metadata(folder: Path):
    with open_episode(folder) as episode:
        assert set(episode.attachments) == {"rig.yaml", "main.urdf"}
        assert episode.attachments["rig.yaml"].startswith(b"# The simulated tabletop")
        assert episode.metadata["teleop_collect.episode_begin"] == {"episode_id": folder.name}


def test_the_newest_label_stands_above_the_recorded_outcome(tmp_path: Path):
    folder = write_episode(tmp_path, duration_s=0.2, cameras=(), success=True)
    assert open_episode(folder).effective_label is True
    lines = [{"at_ns": 1, "success": False, "operator": "op"}, {"at_ns": 2, "success": False}]
    (folder / "labels.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with open_episode(folder) as episode:
        assert episode.effective_label is False
        assert [label.operator for label in episode.labels] == ["op", None]


def test_an_unlabelled_episode_has_no_label(tmp_path: Path):
    folder = write_episode(tmp_path, duration_s=0.2, cameras=(), success=None)
    assert open_episode(folder).effective_label is None


@pytest.mark.parametrize("compression", list(CompressionType))
def test_all_compressions_read_alike(tmp_path: Path, compression: CompressionType):
    folder = write_episode(tmp_path, duration_s=0.2, cameras=(), compression=compression)
    with open_episode(folder) as episode:
        assert len(episode.read(FOLLOWER)) == 40


@pytest.mark.parametrize(
    "options",
    [
        {"use_chunking": False},
        {"index_types": IndexType.NONE},
        {"use_statistics": False},
        {"repeat_channels": False, "repeat_schemas": False},
        {"index_types": IndexType.NONE, "use_statistics": False, "use_summary_offsets": False,
         "repeat_channels": False, "repeat_schemas": False},
        {"enable_crcs": False},
    ],
)  # fmt: skip
def test_files_without_parts_of_the_index_are_walked(tmp_path: Path, options: dict[str, object]):
    plan = build_plan("e", START_NS, 0.3, 0, True, ("scene",), (16, 16))
    path = tmp_path / "bare.mcap"
    with path.open("wb") as stream:
        write_mcap(Writer(stream, chunk_size=20_000, **options), plan, "e")
    with open_episode(path) as episode:
        assert episode.manifest is None
        assert episode.episode_id == "bare"
        assert {t: i.count for t, i in episode.streams.items()} == {
            t: len(s.samples) for t, s in plan.streams.items()
        }
        for topic, stream in plan.streams.items():
            assert episode.times(topic).log_ns.tolist() == [s.log_ns for s in stream.samples]
        assert set(episode.attachments) == {"rig.yaml", "main.urdf"}
        assert len(list(episode.iter_images(COLOR))) == 9
        assert len(episode.aligned(30)) > 0


def test_a_split_bag_reads_as_one_in_the_order_of_its_metadata(tmp_path: Path):
    names = ["z_0.mcap", "a_1.mcap"]
    for number, name in enumerate(names):
        start_ns = START_NS + number * NS
        plan = build_plan("e", start_ns, 0.2, number, True, ("scene",), (16, 16))
        with (tmp_path / name).open("wb") as stream:
            write_mcap(Writer(stream), plan, "e")
    listing = {"rosbag2_bagfile_information": {"relative_file_paths": names}}
    (tmp_path / "metadata.yaml").write_text(json.dumps(listing))
    with open_episode(tmp_path) as episode:
        stamps = episode.times(FOLLOWER).stamp_ns
        assert episode.streams[FOLLOWER].count == len(stamps) == 80
        assert (np.diff(stamps) > 0).all()
        assert episode.image(COLOR, 8).shape == (16, 16, 3)


def test_a_type_without_usable_definition_still_has_times(tmp_path: Path):
    path = tmp_path / "odd.mcap"
    with path.open("wb") as stream:
        writer = Writer(stream)
        writer.start("ros2")
        bad = writer.register_schema("odd/msg/Thing", "ros2msg", b"this is no definition !")
        none = writer.register_channel("/plain", "json", 0)
        odd = writer.register_channel("/odd", "cdr", bad)
        for i in range(3):
            writer.add_message(odd, 100 + i, b"\x00\x01\x00\x00abcd", 50 + i)
            writer.add_message(none, 200 + i, b"{}", 200 + i)
        writer.finish()
    with open_episode(path) as episode:
        assert not episode.streams["/odd"].decodable
        assert episode.read("/odd").stamp_ns.tolist() == [100, 101, 102]
        assert episode.read("/plain").values == {}
        assert [bytes(m.data) for m in episode.read_messages("/plain")] == [b"{}"] * 3
        with pytest.raises(UnreadableError, match="definition of odd/msg/Thing"):
            episode.decode("/odd", b"")


def test_unknown_topic_names_those_that_exist(folder: Path):
    with open_episode(folder) as episode, pytest.raises(UnreadableError, match="/objects/bin/pose"):
        episode.read("/nonsense")


def test_images_of_a_stream_without_images_are_refused(folder: Path):
    with open_episode(folder) as episode, pytest.raises(UnreadableError, match="JointState"):
        next(episode.iter_images(FOLLOWER))


def test_aligned_uses_required_streams_and_points_at_true_samples(folder: Path, plan: Plan):
    with open_episode(folder) as episode:
        timeline = episode.aligned(20.0)
        periodic = {t for t, s in plan.streams.items() if s.expected_hz}
        assert set(timeline.index) == periodic
        for topic in (FOLLOWER, COLOR):
            stamps = np.array([s.stamp_ns for s in plan.streams[topic].samples])
            chosen = stamps[timeline.index[topic]]
            assert (chosen <= timeline.t_ns).all()
            np.testing.assert_array_equal(chosen - timeline.t_ns, timeline.skew_ns[topic])
            following = stamps[np.minimum(timeline.index[topic] + 1, len(stamps) - 1)]
            assert ((following > timeline.t_ns) | (following == chosen)).all()


def test_a_value_that_is_not_a_number_is_kept(tmp_path: Path):
    defect = joint_edit(FOLLOWER, "elbow", 0.1, 0.2, lambda _: float("nan"))
    folder = write_episode(tmp_path, duration_s=0.3, cameras=(), defects=[defect])
    with open_episode(folder) as episode:
        position = episode.read(FOLLOWER).values["position"]
        assert np.isnan(position[:, JOINTS.index("elbow")]).sum() == 20
        assert np.isnan(position).sum() == 20


def test_stamps_of_big_endian_messages():
    from teleop_collect.episodes.decoding import decoder

    definition = b"std_msgs/Header header\nuint8 x\n" + b"=" * 80 + b"\nMSG: std_msgs/Header\n"
    definition += b"builtin_interfaces/Time stamp\nstring frame_id\n" + b"=" * 80
    definition += b"\nMSG: builtin_interfaces/Time\nint32 sec\nuint32 nanosec\n"
    decode = decoder("odd/msg/Stamped", "ros2msg", definition)
    assert decode is not None
    sample = Sample(0, 0, None)
    data = b"\x00\x00\x00\x00" + (7).to_bytes(4, "big") + (9).to_bytes(4, "big")
    assert decode.stamp_ns(data, sample.log_ns) == 7_000_000_009
