"""Images and camera infos written as bytes are those of the middleware.

Compared by content: the middleware leaves any memory in the bytes of alignment and behind the end.
Their length is judged by a reader that insists on it.
"""

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from rosbags.typesys import Stores, get_typestore
from sensor_msgs.msg import CameraInfo, Image
from support import ros_messages

from teleop_collect.nodes import conversions
from teleop_collect.nodes.image_cdr import image_cdr, restamped
from teleop_collect.samples import Intrinsics, RgbdSample

STORE = get_typestore(Stores.ROS2_JAZZY)
STAMP_NS = 1_700_000_000_123_456_789
FRAMES = ("scene_color_optical_frame", "", "abc")
"""Names of several lengths: each shifts what follows to another alignment."""


def sample(height: int, width: int) -> RgbdSample:
    rng = np.random.default_rng(height)
    color = rng.integers(0, 256, (height, width, 3), np.uint8)
    return RgbdSample(STAMP_NS, color, rng.integers(0, 9000, (height, width), np.uint16))


def assert_same(data: bytes, message: Image) -> None:
    assert deserialize_message(data, Image) == message
    STORE.deserialize_cdr(data, "sensor_msgs/msg/Image")


@pytest.mark.parametrize("frame_id", FRAMES)
@pytest.mark.parametrize("size", [(240, 320), (3, 5)])
def test_an_image_is_the_middlewares(frame_id, size):
    taken = sample(*size)
    color = ros_messages.color_image(taken, frame_id)
    depth = ros_messages.depth_image(taken, frame_id)
    assert_same(image_cdr(STAMP_NS, frame_id, "rgb8", taken.color), color)
    assert_same(image_cdr(STAMP_NS, frame_id, "16UC1", taken.depth_mm), depth)


def test_rows_out_of_order_in_memory_are_put_in_order():
    flipped = sample(4, 6).color[::-1, :, ::-1]
    made = image_cdr(STAMP_NS, "a", "rgb8", flipped)
    assert made == image_cdr(STAMP_NS, "a", "rgb8", flipped.copy())


@pytest.mark.parametrize("coefficients", [0, 4, 5, 8])
@pytest.mark.parametrize("frame_id", FRAMES)
def test_another_stamp_changes_nothing_else(frame_id, coefficients):
    pinhole, distortion = Intrinsics(320, 240, 300.0, 301.0, 159.5, 119.5), (0.1,) * coefficients
    info = conversions.camera_info(pinhole, frame_id, distortion=distortion)
    message = serialize_message(info)
    info.header.stamp = conversions.time_message(STAMP_NS)
    made = restamped(message, STAMP_NS)
    assert deserialize_message(made, CameraInfo) == info
    STORE.deserialize_cdr(made, "sensor_msgs/msg/CameraInfo")
