"""Messages that keep their shape, read and written without message objects.

At the rates of a rig, making Python objects of a message costs more than all that is done with its
numbers. From one message of a topic to the next only the stamp and the numbers change: names and
lengths stay, and with them the place of each byte. A layout holds those places, and one `struct`
call reads or writes a whole message. What does not fit is not read: the caller asks the
middleware.

Format: CDR as of OMG DDSI-RTPS 2.3, section 10, little endian; primitives are aligned to their
size, counted from behind the four bytes of encapsulation.
"""

import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Self

from teleop_collect.clock import NS_PER_S
from teleop_collect.samples import JointSample, PoseSample, WrenchSample

LITTLE_ENDIAN = b"\x00\x01\x00\x00"
STAMP_BYTES = 8
CACHED = 64
"""More shapes than the topics of a rig have."""

Numbers = tuple[float, ...]


class Layout:
    """Where stamp, numbers and everything constant lie in the messages of one shape.

    It begins with a header of stamp and frame; `count`, `text`, `doubles` and the others add what
    follows, in the order of the message's definition.
    """

    def __init__(self, frame_id: str) -> None:
        self._constants: list[bytearray] = [bytearray()]
        self._lengths: list[int] = []
        self._bytes = STAMP_BYTES
        self.text(frame_id)

    def count(self, count: int) -> Self:
        """The length of a sequence."""
        self._align(4)
        return self.fixed(struct.pack("<I", count))

    def texts(self, texts: Sequence[str]) -> Self:
        """A sequence of strings."""
        self.count(len(texts))
        for text in texts:
            self.text(text)
        return self

    def sequence(self, length: int) -> Self:
        """A sequence of doubles."""
        return self.count(length).doubles(length)

    def doubles(self, length: int) -> Self:
        """So many doubles, without a length of their own."""
        if length:
            self._align(8)
        self._lengths.append(length)
        self._constants.append(bytearray())
        self._bytes += 8 * length
        return self

    def fixed(self, content: bytes) -> Self:
        """Bytes that are the same in each message."""
        self._constants[-1] += content
        self._bytes += len(content)
        return self

    def text(self, text: str) -> Self:
        """A string."""
        content = text.encode() + b"\0"
        return self.count(len(content)).fixed(content)

    def _align(self, alignment: int) -> None:
        self.fixed(bytes(-self._bytes % alignment))

    def done(self) -> "MessageLayout":
        """The layout, complete."""
        return MessageLayout([bytes(c) for c in self._constants], self._lengths)


class MessageLayout:
    """A complete layout.

    Args:
        constants: bytes before each group of numbers, and behind the last.
        lengths: numbers in each group.
    """

    def __init__(self, constants: Sequence[bytes], lengths: Sequence[int]) -> None:
        text, at = "<4siI", 3
        self._fixed: list[tuple[int, bytes]] = [(0, LITTLE_ENDIAN)]
        self._groups: list[slice] = []
        for constant, length in zip(constants, (*lengths, 0), strict=True):
            text += f"{len(constant)}s{length}d"
            self._fixed.append((at, constant))
            self._groups.append(slice(at + 1, at + 1 + length))
            at += 1 + length
        self._groups.pop()
        self._struct = struct.Struct(text)

    def pack(self, stamp_ns: int, *groups: Numbers) -> bytes:
        """A message.

        Args:
            stamp_ns: of its header, UTC ns.
            groups: its numbers.
        """
        fields: list[bytes | int | float] = [LITTLE_ENDIAN, *divmod(stamp_ns, NS_PER_S)]
        for (_, constant), numbers in zip(self._fixed[1:], (*groups, ()), strict=True):
            fields.append(constant)
            fields += numbers
        return self._struct.pack(*fields)

    def unpack(self, data: bytes) -> tuple[int, tuple[Numbers, ...]] | None:
        """Stamp (UTC ns) and numbers of a message; None when it has another shape."""
        if len(data) != self._struct.size:
            return None
        fields = self._struct.unpack(data)
        for at, constant in self._fixed:
            if fields[at] != constant:
                return None
        return fields[1] * NS_PER_S + fields[2], tuple(fields[group] for group in self._groups)


@lru_cache(CACHED)
def joint_state_layout(
    frame_id: str, names: tuple[str, ...], position: int, velocity: int, effort: int
) -> MessageLayout:
    """sensor_msgs/JointState with so many numbers of each kind."""
    layout = Layout(frame_id).texts(names)
    return layout.sequence(position).sequence(velocity).sequence(effort).done()


@lru_cache(CACHED)
def trajectory_layout(
    frame_id: str, names: tuple[str, ...], position: int, due_ns: int
) -> MessageLayout:
    """trajectory_msgs/JointTrajectory with one point, of positions only, due after `due_ns`."""
    point = Layout(frame_id).texts(names).count(1).sequence(position)
    point.count(0).count(0).count(0)  # velocities, accelerations, effort
    return point.fixed(struct.pack("<iI", *divmod(due_ns, NS_PER_S))).done()


@lru_cache(CACHED)
def stamped_layout(frame_id: str, doubles: int) -> MessageLayout:
    """geometry_msgs/WrenchStamped (6 doubles) or PoseStamped (7)."""
    return Layout(frame_id).doubles(doubles).done()


def joint_state_cdr(sample: JointSample) -> bytes:
    """A sample as sensor_msgs/JointState."""
    position, velocity, effort = sample.position, sample.velocity, sample.effort
    lengths = (len(position), len(velocity), len(effort))
    layout = joint_state_layout("", sample.names, *lengths)
    return layout.pack(sample.stamp_ns, position, velocity, effort)


def trajectory_cdr(sample: JointSample, period_s: float) -> bytes:
    """A command as trajectory_msgs/JointTrajectory: one point, due one period ahead."""
    due_ns = round(period_s * NS_PER_S)
    layout = trajectory_layout("", sample.names, len(sample.position), due_ns)
    return layout.pack(sample.stamp_ns, sample.position)


def wrench_cdr(sample: WrenchSample) -> bytes:
    """A sample as geometry_msgs/WrenchStamped."""
    layout = stamped_layout(sample.frame_id, 6)
    return layout.pack(sample.stamp_ns, (*sample.force_n, *sample.torque_nm))


def pose_cdr(sample: PoseSample) -> bytes:
    """A sample as geometry_msgs/PoseStamped."""
    layout = stamped_layout(sample.frame_id, 7)
    return layout.pack(sample.stamp_ns, (*sample.pose.position_m, *sample.pose.quat_xyzw))
