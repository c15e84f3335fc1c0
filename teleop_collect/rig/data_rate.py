"""How many bytes a second a rig's streams make, uncompressed."""

from teleop_collect.rig.config import Rig
from teleop_collect.rig.streams import IMAGE_KINDS, streams_of

COLOR_BYTES = 3
DEPTH_BYTES = 2
"""A pixel: rgb8 and 16UC1."""
SMALL_MESSAGE_BYTES = 1024
"""Upper estimate of every message that is no image."""


def bytes_per_s(rig: Rig) -> float:
    """Estimated data rate of all streams with a rate, B/s."""
    images = sum(
        camera.width * camera.height * (COLOR_BYTES + camera.depth * DEPTH_BYTES) * camera.fps
        for camera in rig.cameras.values()
    )
    small = sum(s.expected_hz or 0.0 for s in streams_of(rig) if s.kind not in IMAGE_KINDS)
    return images + SMALL_MESSAGE_BYTES * small
