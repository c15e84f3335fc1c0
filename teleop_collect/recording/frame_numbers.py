"""Reads a camera's own frame numbers into the ledgers of its images.

A camera's driver publishes the number of each image beside it, as JSON: this package's node as
std_msgs/String with a count of losses, realsense-ros as realsense2_camera_msgs/Metadata (a Header
and the JSON). The numbers show what the middleware cannot: images lost in the camera, on USB or in
the driver.
"""

import json
import struct
from collections.abc import Mapping, Sequence

from teleop_collect.recording.ledger import StreamLedger
from teleop_collect.topics import STRING, Stream, raw_image

# CDR: 4 bytes of encapsulation, whose second byte is 1 for little endian; a Header is a stamp of
# 8 bytes and a string; a string is its length with the final zero, its bytes, padding to 4.
_BODY = 4
_STAMP_BYTES = 8


class FrameNumbers:
    """Reads the stream of a camera's frame numbers into the ledgers of its images.

    Args:
        message_type: of the stream.
        ledgers: of the images that it numbers.
    """

    def __init__(self, message_type: str, ledgers: Sequence[StreamLedger]) -> None:
        self._has_header = message_type != STRING
        self._ledgers = tuple(ledgers)

    def accept(self, data: bytes) -> None:
        """Take one message in; one that holds no number changes nothing."""
        found = json_fields(data, has_header=self._has_header)
        number, counted, restarts = (found.get(k) for k in ("frame_number", "lost", "restarts"))
        if not isinstance(number, int):
            return
        for ledger in self._ledgers:
            ledger.device.observe(number, _count(counted), _count(restarts))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) else None


def frame_numbers(
    streams: Mapping[str, Stream], ledgers: Sequence[StreamLedger]
) -> dict[int, FrameNumbers]:
    """Readers by the number of their stream.

    Args:
        streams: by absolute topic.
        ledgers: in the same order.
    """
    images = {
        raw_image(stream.topic): ledger
        for stream, ledger in zip(streams.values(), ledgers, strict=True)
    }
    return {
        number: FrameNumbers(stream.type, [images[raw_image(t)] for t in stream.numbers])
        for number, stream in enumerate(streams.values())
        if stream.numbers
    }


def json_fields(data: bytes, *, has_header: bool) -> dict[str, object]:
    """The JSON object of a CDR message whose only or last field is a string; empty without one."""
    try:
        word = struct.Struct("<I" if data[1] & 1 else ">I")
        start = _BODY
        if has_header:
            start += _STAMP_BYTES
            start += 4 + word.unpack_from(data, start)[0]
            start += -(start - _BODY) % 4
        length = word.unpack_from(data, start)[0]
        found = json.loads(data[start + 4 : start + 4 + length].rstrip(b"\0"))
    except (struct.error, ValueError, IndexError):
        return {}
    return found if isinstance(found, dict) else {}
