import struct

import cv2
import numpy as np
import pytest

from teleop_collect.devices.image_encoding import compressed_depth, jpeg
from teleop_collect.errors import DeviceError


def test_jpeg_keeps_the_order_of_colours():
    color = np.zeros((48, 64, 3), np.uint8)
    color[:, :, 0] = 250
    encoded = jpeg(color)
    assert encoded.format == "rgb8; jpeg compressed bgr8"
    decoded = cv2.imdecode(np.frombuffer(encoded.data, np.uint8), cv2.IMREAD_COLOR)
    blue, green, red = decoded[24, 32]
    assert (blue < 10, green < 10, red > 240) == (True, True, True)


def test_depth_comes_back_without_loss_behind_a_header_of_twelve_bytes():
    depth = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64) * 21
    encoded = compressed_depth(depth)
    assert encoded.format == "16UC1; compressedDepth png"
    assert struct.unpack_from("<iff", encoded.data) == (0, 0.0, 0.0)
    png = np.frombuffer(encoded.data, np.uint8, offset=12)
    decoded = cv2.imdecode(png, cv2.IMREAD_UNCHANGED)
    assert decoded.dtype == np.uint16
    np.testing.assert_array_equal(decoded, depth)


@pytest.mark.parametrize("shape", [(48, 64), (48, 64, 4)])
def test_what_is_no_colour_image_is_refused(shape):
    with pytest.raises(DeviceError, match="not uint8"):
        jpeg(np.zeros(shape, np.uint8))


def test_what_is_no_depth_image_is_refused():
    with pytest.raises(DeviceError, match="not uint16"):
        compressed_depth(np.zeros((48, 64), np.float32))
