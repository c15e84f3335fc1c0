import numpy as np
import pytest

from teleop_collect.devices.realsense.depth_units import DepthToMm
from teleop_collect.errors import DeviceError

# As the SDK hands it over: a 32-bit float.
TENTH_OF_A_MM = float(np.float32(0.0001))


def convert(scale_m, raw):
    return DepthToMm(scale_m).convert(np.array(raw, np.uint16)).tolist()


def test_millimetres_stay_as_they_are():
    raw = [*range(0, 65536, 97), 65535]
    assert convert(float(np.float32(0.001)), raw) == raw


def test_halves_of_a_millimetre_are_rounded_up():
    assert convert(TENTH_OF_A_MM, [0, 4, 5, 14, 15, 25, 12344, 12345]) == [
        0, 0, 1, 1, 2, 3, 1234, 1235,
    ]  # fmt: skip


def test_what_sixteen_bits_cannot_hold_is_invalid_and_not_wrapped():
    assert convert(0.01, [6553, 6554, 65535]) == [65530, 0, 0]


def test_the_result_is_an_array_of_its_own():
    raw = np.array([[1, 2]], np.uint16)
    for scale_m in (0.001, 0.0001):
        converted = DepthToMm(scale_m).convert(raw)
        assert not np.shares_memory(converted, raw)
        assert (converted.dtype, converted.shape) == (np.uint16, (1, 2))


@pytest.mark.parametrize("scale_m", [0.0, -0.001, 2.0])
def test_an_impossible_unit_is_refused(scale_m):
    with pytest.raises(DeviceError, match="depth unit"):
        DepthToMm(scale_m)
