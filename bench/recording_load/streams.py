"""Numbered streams whose every byte follows from the message's number.

A message's `frame_id` is its number and its stamp is the time at which it was due, so a reader can
make each message again and compare: nothing has to be remembered by whoever sent it.
"""

import struct
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from geometry_msgs.msg import WrenchStamped
from rosbags.typesys import Stores, get_typestore
from sensor_msgs.msg import Image, JointState

from .pictures import picture

NS_PER_S = 1_000_000_000
_TYPES = get_typestore(Stores.ROS2_JAZZY)
VARIANTS = 5
"""Contents of a stream repeat after so many messages; the header never does."""
_HEAD = struct.Struct("<4siII12s")
_ENCAPSULATION = b"\x00\x01\x00\x00"
_FRAME_ID_BYTES = 12
JOINTS = 7


@dataclass(frozen=True)
class NumberedStream:
    """One topic of a load.

    Attributes:
        topic: relative name.
        kind: `color`, `depth`, `joints` or `wrench`.
        hz: publishing rate.
        width: pixels, of images.
        height: pixels, of images.
    """

    topic: str
    kind: str
    hz: float
    width: int = 0
    height: int = 0

    @property
    def type(self) -> type:
        """The message class."""
        return {"joints": JointState, "wrench": WrenchStamped}.get(self.kind, Image)

    @property
    def is_image(self) -> bool:
        """Whether messages are large."""
        return self.kind in ("color", "depth")

    def due_ns(self, number: int, base_ns: int) -> int:
        """When a message is due, UTC ns."""
        return base_ns + round(number * NS_PER_S / self.hz)

    @cached_property
    def _tails(self) -> list[bytes]:
        """What follows the header, by variant."""
        random = np.random.default_rng(int.from_bytes(self.topic.encode()[:8], "little"))
        content = {"joints": self._joints, "wrench": self._wrench}.get(self.kind, self._image)
        return [content(random, n)[_HEAD.size :] for n in range(VARIANTS)]

    def _joints(self, random: np.random.Generator, _: int) -> bytes:
        names = [f"joint_{n}" for n in range(JOINTS)]
        position, velocity, effort = random.normal(size=(3, JOINTS))
        return _cdr(
            "sensor_msgs/msg/JointState",
            name=names,
            position=position,
            velocity=velocity,
            effort=effort,
        )

    def _wrench(self, random: np.random.Generator, _: int) -> bytes:
        vector = _TYPES.types["geometry_msgs/msg/Vector3"]
        force, torque = (vector(*random.normal(size=3)) for _ in range(2))
        wrench = _TYPES.types["geometry_msgs/msg/Wrench"](force=force, torque=torque)
        return _cdr("geometry_msgs/msg/WrenchStamped", wrench=wrench)

    def _image(self, _: np.random.Generator, variant: int) -> bytes:
        encoding, pixel_bytes = ("rgb8", 3) if self.kind == "color" else ("16UC1", 2)
        pixels = picture(self.kind, self.width, self.height, variant, VARIANTS)
        return _cdr(
            "sensor_msgs/msg/Image",
            height=self.height,
            width=self.width,
            encoding=encoding,
            is_bigendian=0,
            step=self.width * pixel_bytes,
            data=np.frombuffer(pixels, np.uint8),
        )

    def message(self, number: int, base_ns: int) -> bytes:
        """CDR of message `number` of a run that began at `base_ns` (UTC)."""
        seconds, nanoseconds = divmod(self.due_ns(number, base_ns), NS_PER_S)
        frame_id = b"%011d\0" % number
        head = _HEAD.pack(_ENCAPSULATION, seconds, nanoseconds, _FRAME_ID_BYTES, frame_id)
        return head + self._tails[number % VARIANTS]


def number_of(data: bytes) -> int:
    """The number that a message says it has; -1 when it says none."""
    digits = bytes(data[_HEAD.size - _FRAME_ID_BYTES : _HEAD.size - 1])
    return int(digits) if digits.isdigit() else -1


def _cdr(type_name: str, **fields: object) -> bytes:
    """A serialised message; unlike ROS's own, rosbags' serialiser leaves no padding undefined."""
    stamp = _TYPES.types["builtin_interfaces/msg/Time"](sec=0, nanosec=0)
    frame_id = "0" * (_FRAME_ID_BYTES - 1)
    header = _TYPES.types["std_msgs/msg/Header"](stamp=stamp, frame_id=frame_id)
    message = _TYPES.types[type_name](header=header, **fields)
    return bytes(_TYPES.serialize_cdr(message, type_name))


def _load(cameras: int, size: tuple[int, int], fps: float, joints_hz: float, wrench_hz: float):
    streams = [
        NumberedStream(f"cameras/{name}/{suffix}/image_raw", kind, fps, *size)
        for name in CAMERAS[:cameras]
        for suffix, kind in (("color", "color"), ("aligned_depth_to_color", "depth"))
    ]
    topics = ("leader/joint_states", "follower/joint_states", "teleop/action_sent")
    streams += [NumberedStream(topic, "joints", joints_hz) for topic in topics]
    return (*streams, NumberedStream("follower/wrench", "wrench", wrench_hz))


CAMERAS = ("scene", "wrist", "side")
LOADS: dict[str, tuple[NumberedStream, ...]] = {
    "rated": _load(3, (640, 480), 30.0, 200.0, 1000.0),
    "two_cameras": _load(2, (640, 480), 30.0, 200.0, 500.0),
    "small": _load(2, (160, 120), 15.0, 100.0, 200.0),
}
"""Loads by name: 3 raw RGB-D cameras + 3 joint streams + wrench, and lighter ones."""


def bytes_per_s(streams: tuple[NumberedStream, ...]) -> float:
    """Payload rate of a load."""
    return sum(len(stream.message(0, 0)) * stream.hz for stream in streams)
