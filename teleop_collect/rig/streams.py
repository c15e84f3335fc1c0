"""Every topic that a rig records, as one table; and how deep a reader's queue must be."""

import math
from collections.abc import Iterator

from teleop_collect import topics
from teleop_collect.rig.calibration.apply import applies_to_cameras
from teleop_collect.rig.config import (
    Arm,
    Camera,
    RealSenseCamera,
    Rig,
    Ros2ControlFollower,
    SimCamera,
    SpaceMouseLeader,
    TopicCamera,
    TopicLeader,
)
from teleop_collect.rig.recorded_form import check_codecs, encoded_stream
from teleop_collect.topics import Stream, StreamKind, arm_topic

IMAGE_KINDS = frozenset({StreamKind.COLOR, StreamKind.DEPTH})

_SENSOR_KINDS = frozenset(
    {
        StreamKind.COLOR,
        StreamKind.DEPTH,
        StreamKind.CAMERA_INFO,
        StreamKind.POSE,
        StreamKind.WRENCH,
        StreamKind.JOINTS,
        StreamKind.OTHER,
    }
)

_COMMAND_TYPES = {
    "joint_trajectory": topics.JOINT_TRAJECTORY,
    "forward_position": topics.FLOAT64_MULTI_ARRAY,
    "float64_multi_array": topics.FLOAT64_MULTI_ARRAY,
}

_IMAGES_HELD_S = 1.0
_MESSAGES_HELD_S = 2.0
_MIN_IMAGES, _MAX_IMAGES = 10, 32
_MIN_DEPTH = 100


def streams_of(rig: Rig) -> tuple[Stream, ...]:
    """The table of a rig's recorded topics, in a fixed order: as published, but for codecs.

    Raises:
        ConfigError: a codec does not suit its images, or belongs to no stream of raw images.
    """
    published = published_streams(rig)
    check_codecs(rig.recording.codecs, published)
    return tuple(encoded_stream(stream, rig.recording.codecs) for stream in published)


def published_streams(rig: Rig) -> tuple[Stream, ...]:
    """The table of a rig's topics as they are published, in a fixed order.

    Command streams (kind COMMAND) flow only while an arm is engaged; their `expected_hz` holds for
    that time.
    """
    streams = [stream for arm in rig.arms.values() for stream in _arm_streams(arm, rig)]
    for name, camera in rig.cameras.items():
        streams += _camera_streams(name, camera, applies_to_cameras(rig))
    for name, tracked in rig.objects.items():
        streams.append(
            Stream(
                topics.object_topic(name),
                topics.POSE_STAMPED,
                StreamKind.POSE,
                tracked.rate_hz,
                True,
                topics.FAST_QOS,
            )
        )
    streams += _rig_streams(rig)
    streams += _extra_streams(rig)
    return tuple(streams)


def checked_streams(rig: Rig) -> tuple[Stream, ...]:
    """What the rig check observes: every device's streams and the robot descriptions.

    They flow whether or not anybody teleoperates or records.
    """
    descriptions = {arm_topic(a.prefix, topics.ROBOT_DESCRIPTION) for a in rig.arms.values()}
    published = published_streams(rig)
    return tuple(s for s in published if s.kind in _SENSOR_KINDS or s.topic in descriptions)


def reader_depth(stream: Stream) -> int:
    """Queue depth (messages) of a reader: what it holds while its owner gets no core.

    Images a second, at most 32, because each may weigh megabytes; small periodic messages two
    seconds; topics without a rate a hundred.
    """
    if stream.expected_hz is None:
        return max(stream.qos.depth, _MIN_DEPTH)
    if stream.kind in IMAGE_KINDS:
        held = math.ceil(stream.expected_hz * _IMAGES_HELD_S)
        return max(stream.qos.depth, _MIN_IMAGES, min(held, _MAX_IMAGES))
    return max(stream.qos.depth, _MIN_DEPTH, math.ceil(stream.expected_hz * _MESSAGES_HELD_S))


def absolute(topic: str, namespace: str = "/") -> str:
    """The absolute name of a topic: `/left/x` for `x` in namespace `/left`."""
    if topic.startswith("/"):
        return topic
    return f"/{namespace.strip('/')}/{topic}".replace("//", "/")


def _arm_streams(arm: Arm, rig: Rig) -> Iterator[Stream]:
    def fast(name: str, kind: StreamKind, rate_hz: float, source: str = "") -> Stream:
        topic = arm_topic(arm.prefix, name)
        return Stream(topic, topics.JOINT_STATE, kind, rate_hz, True, topics.FAST_QOS, source)

    teleop_hz = rig.teleop.rate_hz
    yield from _leader_streams(arm)
    state, state_hz = topics.FOLLOWER_JOINT_STATES, arm.follower.rate_hz
    yield fast(state, StreamKind.JOINTS, state_hz, follower_source(arm))
    yield fast(topics.ACTION_REQUESTED, StreamKind.COMMAND, teleop_hz)
    sent_hz = _sent_hz(arm, teleop_hz)
    yield fast(topics.ACTION_SENT, StreamKind.COMMAND, sent_hz)
    for number, (topic, message_type) in enumerate(command_topics(arm)):
        hz = teleop_hz if number else sent_hz
        yield Stream(topic, message_type, StreamKind.COMMAND, hz, True, topics.COMMAND_QOS)
    if arm.wrench is not None:
        yield Stream(
            arm_topic(arm.prefix, topics.FOLLOWER_WRENCH),
            topics.WRENCH_STAMPED,
            StreamKind.WRENCH,
            arm.wrench.rate_hz,
            True,
            topics.FAST_QOS,
            arm.wrench.topic,
        )
    yield Stream(
        arm_topic(arm.prefix, topics.ROBOT_DESCRIPTION),
        topics.STRING,
        StreamKind.LABEL,
        None,
        False,
        topics.LATCHED_QOS,
    )


def _sent_hz(arm: Arm, teleop_hz: float) -> float:
    """Rate of the arm's commands: MoveIt Servo's own where it commands the arm."""
    follower = arm.follower
    servo = follower.servo if isinstance(follower, Ros2ControlFollower) else None
    return teleop_hz if servo is None else servo.rate_hz


def _leader_streams(arm: Arm) -> Iterator[Stream]:
    """What the operator does: joints of a leader arm, or twist and buttons of a SpaceMouse."""
    leader, qos = arm.leader, topics.FAST_QOS
    if isinstance(leader, SpaceMouseLeader):
        for name, message_type in (
            (topics.SPACEMOUSE_TWIST, topics.TWIST_STAMPED),
            (topics.SPACEMOUSE_JOY, topics.JOY),
        ):
            topic, kind = arm_topic(arm.prefix, name), StreamKind.OTHER
            yield Stream(topic, message_type, kind, leader.rate_hz, True, qos)
        return
    topic, kind = arm_topic(arm.prefix, topics.LEADER_JOINT_STATES), StreamKind.JOINTS
    source = leader.topic if isinstance(leader, TopicLeader) else ""
    yield Stream(topic, topics.JOINT_STATE, kind, leader.rate_hz, True, qos, source)


def follower_source(arm: Arm) -> str:
    """Where the follower's joints come from when not under this package's own name."""
    follower = arm.follower
    return follower.state_topic if isinstance(follower, Ros2ControlFollower) else ""


def command_topics(arm: Arm) -> tuple[tuple[str, str], ...]:
    """Topic and message type of everything that commands the arm's follower."""
    follower = arm.follower
    found = [(follower.command_topic, _COMMAND_TYPES[follower.command])]
    if isinstance(follower, Ros2ControlFollower) and follower.gripper is not None:
        found.append((follower.gripper.topic, _COMMAND_TYPES[follower.gripper.type]))
    return tuple(found)


def _camera_streams(name: str, camera: Camera, told: bool) -> Iterator[Stream]:
    """`told`: whether simulated cameras publish their geometry, as real ones do."""
    source = camera.namespace if isinstance(camera, TopicCamera) else ""

    def stream(topic: str, message_type: str, kind: StreamKind) -> Stream:
        published = topic.replace(f"cameras/{name}", source, 1) if source else ""
        qos = topics.IMAGE_QOS
        return Stream(topic, message_type, kind, camera.fps, True, qos, published)

    color, depth = topics.color_topic(name), topics.depth_topic(name)
    image, info = topics.IMAGE, StreamKind.CAMERA_INFO
    if camera.transport == "compressed":
        image = topics.COMPRESSED_IMAGE
        color, depth = topics.compressed(color), topics.compressed_depth(depth)
    yield stream(color, image, StreamKind.COLOR)
    if isinstance(camera, RealSenseCamera) or (told and isinstance(camera, SimCamera)):
        kind, qos = StreamKind.LABEL, topics.LATCHED_QOS
        yield Stream(topics.geometry_topic(name), topics.STRING, kind, None, False, qos)
    yield from _frame_number_streams(name, camera, color, depth)
    yield stream(topics.color_info_topic(name), topics.CAMERA_INFO, info)
    if camera.depth:
        yield stream(depth, image, StreamKind.DEPTH)
        yield stream(topics.depth_info_topic(name), topics.CAMERA_INFO, info)


def _frame_number_streams(name: str, camera: Camera, color: str, depth: str) -> Iterator[Stream]:
    """Where the camera's driver tells frame numbers, from which lost images show."""
    topic, qos = topics.color_metadata_topic(name), topics.IMAGE_QOS
    kind = StreamKind.STATUS
    if isinstance(camera, RealSenseCamera):
        # One number for colour and the depth aligned to it: they come, or are lost, together.
        numbered = (color, depth) if camera.depth else (color,)
        yield Stream(topic, topics.STRING, kind, camera.fps, False, qos, numbers=numbered)
    elif isinstance(camera, TopicCamera) and camera.metadata:
        source = topic.replace(f"cameras/{name}", camera.namespace, 1) if camera.namespace else ""
        message_type = topics.REALSENSE_METADATA
        yield Stream(topic, message_type, kind, camera.fps, False, qos, source, numbers=(color,))


def _rig_streams(rig: Rig) -> Iterator[Stream]:
    def latched(topic: str) -> Stream:
        return Stream(topic, topics.STRING, StreamKind.LABEL, None, False, topics.LATCHED_QOS)

    yield Stream(
        topics.TELEOP_STATUS,
        topics.DIAGNOSTIC_ARRAY,
        StreamKind.STATUS,
        rig.teleop.rate_hz,
        True,
        topics.FAST_QOS,
    )
    yield latched(topics.EPISODE)
    yield latched(topics.TASK)
    yield Stream(
        topics.EPISODE_EVENT, topics.STRING, StreamKind.LABEL, None, False, topics.EVENT_QOS
    )
    yield latched(topics.RIG_CHECK_RESULT)
    yield Stream(
        topics.DIAGNOSTICS,
        topics.DIAGNOSTIC_ARRAY,
        StreamKind.DIAGNOSTICS,
        None,
        False,
        topics.EVENT_QOS,
    )
    if rig.sim is not None:
        yield latched(topics.SIM_OPERATOR_STATUS)
        yield latched(topics.SIM_SCENE)


def _extra_streams(rig: Rig) -> Iterator[Stream]:
    for topic, extra in rig.streams.items():
        yield Stream(
            topic,
            extra.type,
            StreamKind.OTHER,
            extra.expected_hz,
            extra.required,
            topics.FAST_QOS,
        )
