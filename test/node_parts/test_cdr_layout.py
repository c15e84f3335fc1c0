"""Messages written and read by their layout are those of the middleware.

Its own encoder leaves whatever was in memory in the bytes of alignment and behind the end, so
messages are compared by content, and their length is judged by a reader that insists on it.
"""

import math

import pytest
from geometry_msgs.msg import WrenchStamped
from hypothesis import given
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message, serialize_message
from rosbags.typesys import Stores, get_typestore
from sensor_msgs.msg import JointState
from support import ros_messages
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from teleop_collect.nodes import conversions
from teleop_collect.nodes.cdr_layout import joint_state_cdr, pose_cdr, trajectory_cdr, wrench_cdr
from teleop_collect.nodes.sample_decoders import CommandDecoder, JointStateDecoder, WrenchDecoder
from teleop_collect.samples import JointSample, Pose, PoseSample, WrenchSample

STORE = get_typestore(Stores.ROS2_JAZZY)
STAMPS = st.integers(0, 2**31 * 10**9 - 1)
FLOATS = st.floats(allow_nan=False)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9)


def numbers(length: int) -> st.SearchStrategy:
    return st.tuples(*[FLOATS] * length)


ANY_NAMES = st.lists(TEXTS, max_size=8)


@st.composite
def joint_samples(draw, names: st.SearchStrategy = ANY_NAMES) -> JointSample:
    found = tuple(draw(names))
    groups = [draw(numbers(len(found) * draw(st.booleans()))) for _ in range(3)]
    return JointSample(draw(STAMPS), found, *groups)


SIX = numbers(6)
WRENCHES = st.builds(lambda s, f, n: WrenchSample(s, f, n[:3], n[3:]), STAMPS, TEXTS, SIX)
POSES = st.builds(lambda s, f, n: PoseSample(s, f, Pose(n[:3], n[3:])), STAMPS, TEXTS, numbers(7))


def assert_same(data: bytes, message: object) -> None:
    kind = type(message)
    assert deserialize_message(data, kind) == message
    package, folder, _ = kind.__module__.split(".")
    # Raises for a byte too few or too many.
    STORE.deserialize_cdr(data, f"{package}/{folder}/{kind.__name__}")


@given(joint_samples())
def test_a_joint_state_is_the_middlewares(sample):
    assert_same(joint_state_cdr(sample), conversions.joint_state(sample))


@given(WRENCHES)
def test_a_wrench_is_the_middlewares(sample):
    assert_same(wrench_cdr(sample), ros_messages.wrench_stamped(sample))


@given(POSES)
def test_a_pose_is_the_middlewares(sample):
    assert_same(pose_cdr(sample), ros_messages.pose_stamped(sample))


@given(joint_samples(), st.floats(0.0005, 3.0))
def test_a_command_is_the_middlewares(sample, period_s):
    assert_same(trajectory_cdr(sample, period_s), ros_messages.joint_trajectory(sample, period_s))


def test_alignment_leaves_no_memory_of_the_process_in_a_message():
    data = joint_state_cdr(JointSample(0, ("a",), (1.0,)))
    assert data.hex(" ", -4) == (
        "00010000 00000000 00000000 01000000 00000000 01000000 02000000 61000000 01000000 "
        "00000000 0000f03f 00000000 00000000"
    )


@given(st.lists(joint_samples(st.sampled_from([("a", "bc"), ("bc", "a"), ("abc",)])), max_size=12))
def test_joint_states_are_read_whatever_changes_from_one_to_the_next(samples):
    decode = JointStateDecoder()
    assert [decode(joint_state_cdr(sample)) for sample in samples] == samples


def test_a_joint_state_keeps_infinities_and_not_a_number():
    decode = JointStateDecoder()
    for value in (1.0, math.nan, math.inf, -math.inf):
        data = serialize_message(JointState(name=["a"], position=[value]))
        (found,) = decode(data).position
        assert math.isnan(found) if math.isnan(value) else found == value


def test_the_frame_of_a_joint_state_may_change():
    decode = JointStateDecoder()
    for frame_id in ("", "base", "", "base_link"):
        message = JointState(name=["a"], position=[2.0])
        message.header.frame_id = frame_id
        assert decode(serialize_message(message)).by_name() == {"a": 2.0}


@given(st.lists(WRENCHES, max_size=6))
def test_wrenches_are_read_whatever_changes_from_one_to_the_next(samples):
    decode = WrenchDecoder()
    assert [decode(wrench_cdr(sample)) for sample in samples] == samples


def big_endian_wrench() -> bytes:
    """As a publisher on a machine of the other kind sends it: force x is 1.0."""
    header = b"\x00\x00\x00\x00" + (5).to_bytes(4, "big") + (6).to_bytes(4, "big")
    header += (1).to_bytes(4, "big") + b"\0" + b"\0" * 3
    return header + bytes.fromhex("3ff0000000000000") + bytes(40)


def test_the_other_byte_order_is_read_by_the_middleware():
    decode = WrenchDecoder()
    decode(serialize_message(WrenchStamped()))
    sample = decode(big_endian_wrench())
    assert (sample.stamp_ns, sample.force_n) == (5_000_000_006, (1.0, 0.0, 0.0))


def trajectory(*points: list[float], velocities: tuple[float, ...] = ()) -> bytes:
    message = JointTrajectory(joint_names=["a", "b"])
    message.points = [JointTrajectoryPoint(positions=p, velocities=velocities) for p in points]
    return serialize_message(message)


def test_of_a_command_the_last_point_counts_in_any_shape():
    decode = CommandDecoder()
    for _ in range(2):
        assert decode(trajectory([1.0, 2.0])) == {"a": 1.0, "b": 2.0}
        assert decode(trajectory([3.0, 4.0])) == {"a": 3.0, "b": 4.0}
        assert decode(trajectory([0.0, 0.0], [5.0, 6.0])) == {"a": 5.0, "b": 6.0}
        assert decode(trajectory([7.0, 8.0], velocities=(1.0, 1.0))) == {"a": 7.0, "b": 8.0}
        assert decode(trajectory()) == {}


def test_a_command_with_too_few_positions_is_refused_each_time():
    decode = CommandDecoder()
    for _ in range(3):
        with pytest.raises(ValueError, match="shorter"):
            decode(trajectory([1.0]))
