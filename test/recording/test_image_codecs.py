"""Images that the recorder compresses read back as images, in the form of image_transport."""

import json
from pathlib import Path

import numpy as np
import pytest
from rosbags.typesys import Stores, get_typestore
from support.recorder_rig import COLOR, DEPTH, JOINTS, STREAMS, joint_state, recorder, request

from teleop_collect.clock import FakeClock
from teleop_collect.episodes.reader import open_episode
from teleop_collect.errors import ConfigError, UnreadableError
from teleop_collect.recording.image_codecs import encoder
from teleop_collect.recording.verify import verify
from teleop_collect.rig.codec_config import Codec
from teleop_collect.rig.config import Rig
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.recorded_form import check_codecs, encoded_stream
from teleop_collect.rig.streams import checked_streams, streams_of
from teleop_collect.topics import ImageCodec

STORE = get_typestore(Stores.ROS2_JAZZY)
STAMP_NS = 1_700_000_000_123_456_789
HEIGHT, WIDTH = 48, 64


def image_message(pixels: np.ndarray, encoding: str, frame_id: str = "cam") -> bytes:
    types = STORE.types
    seconds, nanoseconds = divmod(STAMP_NS, 10**9)
    header = types["std_msgs/msg/Header"](
        stamp=types["builtin_interfaces/msg/Time"](sec=seconds, nanosec=nanoseconds),
        frame_id=frame_id,
    )
    message = types["sensor_msgs/msg/Image"](
        header=header,
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        is_bigendian=0,
        step=pixels.strides[0],
        data=np.frombuffer(pixels.tobytes(), np.uint8),
    )
    return bytes(STORE.serialize_cdr(message, "sensor_msgs/msg/Image"))


def smooth_color() -> np.ndarray:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.stack((rows * 5, columns * 3, (rows + columns) * 2), axis=-1).astype(np.uint8)


def holed_depth() -> np.ndarray:
    random = np.random.default_rng(1)
    depth = random.integers(400, 900, (HEIGHT, WIDTH)).astype(np.uint16)
    depth[random.random((HEIGHT, WIDTH)) < 0.3] = 0
    return depth


@pytest.mark.parametrize("frame_id", ["", "c", "cam", "camera_color_optical_frame"])
def test_stamp_and_frame_of_a_compressed_message_are_those_of_the_image(frame_id: str) -> None:
    data = encoder(ImageCodec("rvl"))(image_message(holed_depth(), "16UC1", frame_id))
    message = STORE.deserialize_cdr(data, "sensor_msgs/msg/CompressedImage")
    assert (message.header.stamp.sec, message.header.stamp.nanosec) == divmod(STAMP_NS, 10**9)
    assert message.header.frame_id == frame_id
    assert message.format == "16UC1; compressedDepth rvl"
    assert bytes(STORE.serialize_cdr(message, "sensor_msgs/msg/CompressedImage")) == data


@pytest.mark.parametrize(
    ("codec", "data"),
    [
        ("jpeg", image_message(holed_depth(), "16UC1")),
        ("png", image_message(smooth_color(), "rgb8")),
        ("rvl", image_message(smooth_color(), "bayer_rggb8")),
        ("rvl", b""),
        ("rvl", image_message(holed_depth(), "16UC1")[:-1]),
        ("rvl", b"\x00\x00" + image_message(holed_depth(), "16UC1")[2:]),
    ],
)
def test_what_a_codec_is_not_for_is_refused(codec: str, data: bytes) -> None:
    with pytest.raises(UnreadableError):
        encoder(ImageCodec(codec))(data)


def streams_with(**codecs: str):
    wanted = {key: Codec(format=form, quality=95) for key, form in codecs.items()}
    encoded = [encoded_stream(s, wanted) for s in STREAMS.values()]
    return {stream.topic: stream for stream in encoded}


@pytest.mark.parametrize("depth_form", ["png", "rvl"])
def test_compressed_streams_are_recorded_under_their_names_and_read_as_images(
    tmp_path: Path, depth_form: str
) -> None:
    clock = FakeClock(STAMP_NS)
    streams = streams_with(color="jpeg", depth=depth_form)
    core = recorder(tmp_path, clock=clock, streams=streams)
    core.start(request())
    color, depth = smooth_color(), holed_depth()
    for number in range(1, 4):
        now_ns = clock.utc_ns()
        color_data, depth_data = image_message(color, "rgb8"), image_message(depth, "16UC1")
        core.offer(f"{COLOR}/compressed", color_data, now_ns, now_ns, number)
        core.offer(f"{DEPTH}/compressedDepth", depth_data, now_ns, now_ns, number)
        clock.advance_ns(33_000_000)
    result = core.stop()
    core.close()
    assert verify(result.path).problems == ()
    with open_episode(result.path) as episode:
        shown = [image for _, _, image in episode.iter_images(f"{COLOR}/compressed")]
        measured = episode.image(f"{DEPTH}/compressedDepth", 2)
        stamps = episode.read(f"{DEPTH}/compressedDepth").stamp_ns
    assert len(shown) == 3
    assert shown[0].shape == color.shape
    assert np.abs(shown[0].astype(int) - color).mean() < 3
    assert (measured == depth).all()
    assert list(stamps) == [STAMP_NS] * 3


def test_an_image_that_is_not_what_its_codec_is_for_is_counted_and_told_once(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    topic = f"{DEPTH}/compressedDepth"
    core = recorder(tmp_path, clock=clock, streams=streams_with(depth="rvl"))
    core.start(request())
    for number in range(1, 4):
        data = image_message(smooth_color(), "rgb8")
        core.offer(topic, data, clock.utc_ns(), None, number)
        core.offer(JOINTS, joint_state(clock.utc_ns()), clock.utc_ns(), None, number)
    told = []
    while not told:
        core.watch_streams()
        told = [e for e in map(json.loads, core.take_events()) if e["kind"] == "codec"]
    assert "rgb8 are no 16-bit depth" in told[0]["message"]
    result = core.stop()
    core.close()
    depth, joints = result.manifest.streams[topic], result.manifest.streams[JOINTS]
    assert (depth.received, depth.written, depth.dropped_queue) == (3, 0, 3)
    assert (joints.received, joints.written) == (3, 3)
    assert result.manifest.termination == "stopped"


def rig_with(codecs: dict[str, dict[str, object]]) -> Rig:
    rig = load_rig("sim_tabletop").rig
    recording = rig.recording.model_dump() | {"codecs": codecs}
    return Rig.model_validate(rig.model_dump(by_alias=True) | {"recording": recording})


def test_a_topic_of_its_own_stands_above_its_kind() -> None:
    scene, wrist = (f"cameras/{name}/color/image_raw" for name in ("scene", "wrist"))
    rig = rig_with({"color": {"format": "jpeg"}, wrist: {"format": "as_received"}})
    table = {s.topic: s for s in streams_of(rig)}
    assert table[f"{scene}/compressed"].read_from == scene
    assert table[f"{scene}/compressed"].read_type == "sensor_msgs/msg/Image"
    assert scene not in table
    assert table[wrist].codec is None
    assert {s.topic for s in checked_streams(rig)} >= {scene, wrist}


@pytest.mark.parametrize(
    ("key", "form", "text"),
    [
        ("color", "rvl", "rvl is not for color; use as_received, jpeg"),
        ("depth", "jpeg", "jpeg is not for depth"),
        ("nothing", "jpeg", "recording.codecs has 'nothing'; raw images are: color, depth, /cam"),
    ],
)
def test_a_codec_that_does_not_suit_is_refused(key: str, form: str, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        check_codecs({key: Codec(format=form)}, STREAMS.values())
