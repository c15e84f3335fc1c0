"""Messages of a stream as arrays: one function for each message type that has a meaning here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop_collect import topics

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]
Values = dict[str, NDArray[Any]]

MAX_HZ = 1e6


@dataclass(frozen=True)
class StreamInfo:
    """One stream of an episode, known without reading its messages.

    Attributes:
        topic: absolute topic name.
        type: ROS message type, `package/msg/Name`.
        count: messages in the file, as its index says.
        metadata: of the channel (offered QoS, type hash).
        decodable: whether the file's definition of the type can be used.
        ledger: the stream's entry in the manifest; empty without a manifest.
    """

    topic: str
    type: str
    count: int
    metadata: Mapping[str, str]
    decodable: bool
    ledger: Mapping[str, Any]

    @property
    def expected_hz(self) -> float | None:
        """Nominal rate as the manifest says; None for event topics and without a manifest."""
        rate = self.ledger.get("expected_hz")
        return float(rate) if isinstance(rate, int | float) and 0 < rate <= MAX_HZ else None

    @property
    def required(self) -> bool:
        """Whether an episode without this stream is bad, as the manifest says."""
        return bool(self.ledger.get("required", False))


@dataclass(frozen=True)
class StreamTimes:
    """When the messages of a stream were measured, sent and received, in the order of the file.

    Attributes:
        log_ns: receive times, shape (N,).
        publish_ns: times of sending, where the middleware told, shape (N,).
        stamp_ns: header stamps (sensor time); receive times for types without a header.
        sequence: as written by the recorder, shape (N,).
    """

    log_ns: Int64Array
    publish_ns: Int64Array
    stamp_ns: Int64Array
    sequence: Int64Array

    def __len__(self) -> int:
        return len(self.log_ns)


@dataclass(frozen=True)
class StreamData:
    """A stream as arrays; the first axis of every array is the message, in file order.

    Attributes:
        topic: absolute topic name.
        type: ROS message type.
        times: receive, send and sensor times.
        names: joint names, for streams of joints; their columns stand in this order.
        values: by type, NaN where a message has no value:
            JointState, JointTrajectory (first point): position, velocity, effort (N, joints);
            WrenchStamped: force_n, torque_nm (N, 3);
            PoseStamped: position_m (N, 3), quat_xyzw (N, 4);
            TwistStamped: linear_m_s, angular_rad_s (N, 3);
            Float64MultiArray: data (N, longest);
            CameraInfo: k (N, 9), width, height (N,);
            DiagnosticArray: level (N,) worst of its statuses, message (N,) of that status, and
            `<status name>.<key>` (N,) text for each value;
            String: data (N,). Empty for other types.
    """

    topic: str
    type: str
    times: StreamTimes
    names: tuple[str, ...]
    values: Values

    @property
    def log_ns(self) -> Int64Array:
        """Receive times, ns."""
        return self.times.log_ns

    @property
    def publish_ns(self) -> Int64Array:
        """Times of sending, ns."""
        return self.times.publish_ns

    @property
    def stamp_ns(self) -> Int64Array:
        """Sensor times, ns."""
        return self.times.stamp_ns

    def __len__(self) -> int:
        return len(self.times)


Extract = Callable[[Sequence[Any]], tuple[tuple[str, ...], Values]]


def extract(type_name: str, messages: Sequence[Any]) -> tuple[tuple[str, ...], Values]:
    """Joint names and value arrays of decoded messages of one type."""
    return EXTRACTORS[type_name](messages) if type_name in EXTRACTORS else ((), {})


def _by_joint(
    rows: Sequence[tuple[Sequence[str], Mapping[str, Any]]],
) -> tuple[tuple[str, ...], Values]:
    """Columns by joint name, in the order in which names first appear."""
    names = tuple(dict.fromkeys(name for row, _ in rows for name in row))
    values: Values = {}
    for key in ("position", "velocity", "effort"):
        table = _columns(rows, names, key)
        if key == "position" or not np.isnan(table).all():
            values[key] = table
    return names, values


def _columns(
    rows: Sequence[tuple[Sequence[str], Mapping[str, Any]]], names: tuple[str, ...], key: str
) -> FloatArray:
    """One value a joint and message, shape (N, joints); NaN where a message has none."""
    if all(len(arrays[key]) == len(names) and tuple(row) == names for row, arrays in rows):
        return np.array([arrays[key] for _, arrays in rows], dtype=np.float64)
    column = {name: i for i, name in enumerate(names)}
    table = np.full((len(rows), len(names)), np.nan)
    for i, (row, arrays) in enumerate(rows):
        filled = arrays[key][: len(row)]
        table[i, [column[name] for name in row[: len(filled)]]] = filled
    return table


def _joint_states(messages: Sequence[Any]) -> tuple[tuple[str, ...], Values]:
    return _by_joint([(m.name, vars(m)) for m in messages])


def _trajectories(messages: Sequence[Any]) -> tuple[tuple[str, ...], Values]:
    nothing: dict[str, list[float]] = {"position": [], "velocity": [], "effort": []}
    rows = []
    for m in messages:
        point = m.points[0] if m.points else None
        arrays = (
            nothing
            if point is None
            else {
                "position": point.positions,
                "velocity": point.velocities,
                "effort": point.effort,
            }
        )
        rows.append((m.joint_names, arrays))
    return _by_joint(rows)


def _table(rows: Sequence[Sequence[float]], width: int) -> FloatArray:
    return np.array(rows, dtype=np.float64).reshape(-1, width)


def _xyz(value: Any) -> tuple[float, float, float]:
    return value.x, value.y, value.z


def _wrenches(messages: Sequence[Any]) -> tuple[tuple[str, ...], Values]:
    force = _table([_xyz(m.wrench.force) for m in messages], 3)
    torque = _table([_xyz(m.wrench.torque) for m in messages], 3)
    return (), {"force_n": force, "torque_nm": torque}


def _poses(messages: Sequence[Any]) -> tuple[tuple[str, ...], Values]:
    position = _table([_xyz(m.pose.position) for m in messages], 3)
    turns = [m.pose.orientation for m in messages]
    return (), {
        "position_m": position,
        "quat_xyzw": _table([(q.x, q.y, q.z, q.w) for q in turns], 4),
    }


def _twists(messages: Sequence[Any]) -> tuple[tuple[str, ...], Values]:
    linear = _table([_xyz(m.twist.linear) for m in messages], 3)
    angular = _table([_xyz(m.twist.angular) for m in messages], 3)
    return (), {"linear_m_s": linear, "angular_rad_s": angular}


def _float_arrays(messages: Sequence[Any]) -> tuple[tuple[str, ...], Values]:
    width = max((len(m.data) for m in messages), default=0)
    table = np.full((len(messages), width), np.nan)
    for i, m in enumerate(messages):
        table[i, : len(m.data)] = m.data
    return (), {"data": table}


def _camera_infos(messages: Sequence[Any]) -> tuple[tuple[str, ...], Values]:
    return (), {
        "k": _table([m.k for m in messages], 9),
        "width": np.array([m.width for m in messages], dtype=np.int64),
        "height": np.array([m.height for m in messages], dtype=np.int64),
    }


def _diagnostics(messages: Sequence[Any]) -> tuple[tuple[str, ...], Values]:
    level = np.zeros(len(messages), dtype=np.uint8)
    text = np.full(len(messages), "", dtype=object)
    values: Values = {"level": level, "message": text}
    for i, m in enumerate(messages):
        for status in sorted(m.status, key=lambda s: int(s.level)):
            level[i], text[i] = status.level, status.message
            for pair in status.values:
                column = f"{status.name}.{pair.key}"
                if column not in values:
                    values[column] = np.full(len(messages), "", dtype=object)
                values[column][i] = pair.value
    return (), values


def _texts(messages: Sequence[Any]) -> tuple[tuple[str, ...], Values]:
    return (), {"data": np.array([m.data for m in messages], dtype=object)}


EXTRACTORS: dict[str, Extract] = {
    topics.JOINT_STATE: _joint_states,
    topics.JOINT_TRAJECTORY: _trajectories,
    topics.WRENCH_STAMPED: _wrenches,
    topics.POSE_STAMPED: _poses,
    topics.FLOAT64_MULTI_ARRAY: _float_arrays,
    topics.CAMERA_INFO: _camera_infos,
    topics.DIAGNOSTIC_ARRAY: _diagnostics,
    topics.STRING: _texts,
    "geometry_msgs/msg/TwistStamped": _twists,
}
"""Types whose messages are small: all of them are gathered in one pass over the file."""
