"""How many bytes a second a rig's streams make, and how many of them a recorder may hold."""

from teleop_collect.rig.config import Camera, Rig
from teleop_collect.rig.streams import IMAGE_KINDS, streams_of

COLOR_BYTES = 3
DEPTH_BYTES = 2
"""A pixel: rgb8 and 16UC1."""
SMALL_MESSAGE_BYTES = 1024
"""Upper estimate of every message that is no image."""
PRE_ROLL_SHARE = 0.4
"""Share of recording.queue_bytes for messages from before an episode: below the share at which the
queue gives streams up, so that an episode does not begin with losses."""


def image_bytes_per_s(camera: Camera) -> float:
    """Data rate of a camera's raw images, B/s."""
    pixel_bytes = COLOR_BYTES + camera.depth * DEPTH_BYTES
    return camera.width * camera.height * pixel_bytes * camera.fps


def pre_roll_bytes(rig: Rig) -> int:
    """What the rig's pre-roll holds at least: raw images; how small others are nobody knows."""
    raw = [camera for camera in rig.cameras.values() if camera.transport == "raw"]
    return round(rig.recording.pre_roll_s * sum(map(image_bytes_per_s, raw)))


def bytes_per_s(rig: Rig) -> float:
    """Estimated data rate of all streams with a rate, images uncompressed, B/s."""
    images = sum(map(image_bytes_per_s, rig.cameras.values()))
    small = sum(s.expected_hz or 0.0 for s in streams_of(rig) if s.kind not in IMAGE_KINDS)
    return images + SMALL_MESSAGE_BYTES * small
