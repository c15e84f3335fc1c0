"""From serialised messages of one topic to samples.

Messages that keep their shape are read by its layout. Others, and each first one, go through the
middleware's own decoder.
"""

from geometry_msgs.msg import WrenchStamped
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from teleop_collect.clock import NS_PER_S
from teleop_collect.nodes import conversions
from teleop_collect.nodes.cdr_layout import (
    MessageLayout,
    joint_state_layout,
    stamped_layout,
    trajectory_layout,
)
from teleop_collect.samples import JointSample, WrenchSample


class JointStateDecoder:
    """JointState to joint samples."""

    def __init__(self) -> None:
        self._layout: MessageLayout | None = None
        self._names: tuple[str, ...] = ()

    def __call__(self, data: bytes) -> JointSample:
        """The sample in a serialised message."""
        if self._layout is not None and (found := self._layout.unpack(data)) is not None:
            stamp_ns, (position, velocity, effort) = found
            return JointSample(stamp_ns, self._names, position, velocity, effort)
        message = deserialize_message(data, JointState)
        sample = conversions.joint_sample(message)
        self._names = sample.names
        lengths = len(sample.position), len(sample.velocity), len(sample.effort)
        self._layout = joint_state_layout(message.header.frame_id, sample.names, *lengths)
        return sample


class WrenchDecoder:
    """WrenchStamped to wrench samples."""

    def __init__(self) -> None:
        self._layout: MessageLayout | None = None
        self._frame_id = ""

    def __call__(self, data: bytes) -> WrenchSample:
        """The sample in a serialised message."""
        if self._layout is not None and (found := self._layout.unpack(data)) is not None:
            stamp_ns, ((fx, fy, fz, tx, ty, tz),) = found
            return WrenchSample(stamp_ns, self._frame_id, (fx, fy, fz), (tx, ty, tz))
        sample = conversions.wrench_sample(deserialize_message(data, WrenchStamped))
        self._frame_id = sample.frame_id
        self._layout = stamped_layout(sample.frame_id, 6)
        return sample


class CommandDecoder:
    """JointTrajectory to the positions of its last point by joint name."""

    def __init__(self) -> None:
        self._layout: MessageLayout | None = None
        self._names: tuple[str, ...] = ()

    def __call__(self, data: bytes) -> dict[str, float]:
        """The positions in a serialised message; empty without points."""
        if self._layout is not None and (found := self._layout.unpack(data)) is not None:
            _, (positions,) = found
            return dict(zip(self._names, positions, strict=True))
        message = deserialize_message(data, JointTrajectory)
        if len(message.points) == 1:
            self._expect(message)
        return conversions.commanded_positions(message)

    def _expect(self, message: JointTrajectory) -> None:
        (point,), self._names = message.points, tuple(message.joint_names)
        due = point.time_from_start
        self._layout = trajectory_layout(
            message.header.frame_id,
            self._names,
            len(point.positions),
            due.sec * NS_PER_S + due.nanosec,
        )
