"""From SDK frames to arrays and times. Arrays are copies: the SDK reuses a frame's memory."""

from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop_collect.devices.realsense.stamping import FrameTiming
from teleop_collect.errors import DeviceError

MAX_EXPOSURE_LEAD_US = 1_000_000
"""A sensor time further before readout than any exposure is not believed."""


def color_pixels(frame: Any, width: int, height: int) -> NDArray[np.uint8]:
    """An rgb8 frame as uint8 (height, width, 3), copied.

    Raises:
        DeviceError: the frame has another shape or type.
    """
    pixels = np.asanyarray(frame.get_data())
    _check("colour", pixels, (height, width, 3), np.uint8)
    return np.array(pixels, np.uint8, order="C")


def depth_raw(frame: Any, width: int, height: int) -> NDArray[np.uint16]:
    """A z16 frame as uint16 (height, width) in the sensor's unit; valid as long as the frame.

    Raises:
        DeviceError: the frame has another shape or type.
    """
    pixels = np.asanyarray(frame.get_data())
    _check("depth", pixels, (height, width), np.uint16)
    return np.ascontiguousarray(pixels, np.uint16)


def _check(what: str, pixels: Any, shape: tuple[int, ...], dtype: type) -> None:
    if pixels.shape != shape or pixels.dtype != dtype:
        raise DeviceError(
            f"a {what} frame is {pixels.dtype} {pixels.shape} and should be "
            f"{np.dtype(dtype)} {shape}; reconnect the camera and check its firmware"
        )


def timing_of(rs: ModuleType, frame: Any) -> FrameTiming:
    """What the SDK says of a frame's time."""
    keys = rs.frame_metadata_value
    counter_us = _metadata(frame, keys.frame_timestamp)
    exposed_us = _metadata(frame, keys.sensor_timestamp)
    lead_us = 0
    if counter_us is not None and exposed_us is not None:
        lead_us = (counter_us - exposed_us) % (1 << 32)
    return FrameTiming(
        frame.get_timestamp(),
        frame.get_frame_timestamp_domain().name,
        counter_us,
        lead_us if lead_us < MAX_EXPOSURE_LEAD_US else 0,
        _metadata(frame, keys.time_of_arrival),
    )


def _metadata(frame: Any, key: Any) -> int | None:
    return int(frame.get_frame_metadata(key)) if frame.supports_frame_metadata(key) else None
