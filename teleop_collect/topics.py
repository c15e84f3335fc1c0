"""THE table of topics: name, message type, quality of service and what a stream is for.

Names are relative, so a ROS namespace works. A rig with several arms puts the arm's name in front
(`left/follower/joint_states`); a rig with one arm does not.
"""

from dataclasses import dataclass
from enum import Enum


class StreamKind(Enum):
    """What a stream carries; the order is the order in which back-pressure spares streams last."""

    COLOR = "color"
    DEPTH = "depth"
    CAMERA_INFO = "camera_info"
    POSE = "pose"
    WRENCH = "wrench"
    JOINTS = "joints"
    COMMAND = "command"
    STATUS = "status"
    LABEL = "label"
    DIAGNOSTICS = "diagnostics"
    OTHER = "other"


@dataclass(frozen=True)
class Qos:
    """Quality of service of a topic.

    Attributes:
        depth: queue depth in messages (keep last).
        reliable: reliable or best effort.
        latched: transient local (the last message reaches late subscribers) or volatile.
    """

    depth: int
    reliable: bool = True
    latched: bool = False


JOINT_STATE = "sensor_msgs/msg/JointState"
JOINT_TRAJECTORY = "trajectory_msgs/msg/JointTrajectory"
FLOAT64_MULTI_ARRAY = "std_msgs/msg/Float64MultiArray"
WRENCH_STAMPED = "geometry_msgs/msg/WrenchStamped"
POSE_STAMPED = "geometry_msgs/msg/PoseStamped"
TWIST_STAMPED = "geometry_msgs/msg/TwistStamped"
JOY = "sensor_msgs/msg/Joy"
IMAGE = "sensor_msgs/msg/Image"
REALSENSE_METADATA = "realsense2_camera_msgs/msg/Metadata"
COMPRESSED_IMAGE = "sensor_msgs/msg/CompressedImage"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
DIAGNOSTIC_ARRAY = "diagnostic_msgs/msg/DiagnosticArray"
STRING = "std_msgs/msg/String"

# Publishers keep a few samples; the recorder's own queues are deeper (see recording).
FAST_QOS = Qos(depth=10)
COMMAND_QOS = Qos(depth=1)
IMAGE_QOS = Qos(depth=5)
LATCHED_QOS = Qos(depth=1, latched=True)
EVENT_QOS = Qos(depth=100)

# A recorder stalled for this long must still lose nothing of a fast stream.
RECORDER_STALL_S = 0.2

# Topics of one arm, below the arm's prefix.
LEADER_JOINT_STATES = "leader/joint_states"
SPACEMOUSE_TWIST = "spacemouse/twist"
SPACEMOUSE_JOY = "spacemouse/joy"
FOLLOWER_JOINT_STATES = "follower/joint_states"
FOLLOWER_WRENCH = "follower/wrench"
ACTION_REQUESTED = "teleop/action_requested"
ACTION_SENT = "teleop/action_sent"
REPLAY_JOINT_STATES = "replay/joint_states"

# Topics of the rig.
TELEOP_STATUS = "teleop/status"
EPISODE = "episode"
TASK = "task"
EPISODE_EVENT = "episode/event"
RIG_CHECK_RESULT = "rig_check/result"
DIAGNOSTICS = "/diagnostics"
ROBOT_DESCRIPTION = "robot_description"
SIM_OPERATOR_STATUS = "sim_operator/status"
SIM_SCENE = "sim/scene"

# Services.
START_EPISODE = "recorder/start_episode"
STOP_EPISODE = "recorder/stop_episode"
DISCARD_EPISODE = "recorder/discard_episode"
UNDO_EPISODE = "recorder/undo_episode"
LABEL_SUCCESS = "recorder/label_success"
TELEOP_ENGAGE = "teleop/engage"
TELEOP_STOP = "teleop/stop"
TELEOP_REPLAY = "teleop/replay"
RIG_CHECK_RUN = "rig_check/run"
RIG_CHECK_QUICK = "rig_check/quick"
RIG_CHECK_SAVE_BASELINE = "rig_check/save_baseline"
RIG_CHECK_CAPTURE_POSE = "rig_check/capture_pose"
SIM_RESET = "sim/reset"
SIM_PLACE = "sim/place"


@dataclass(frozen=True)
class ImageCodec:
    """How a recorder compresses a stream of images.

    Attributes:
        format: `jpeg` for colour; `png` or `rvl` for depth, without loss.
        quality: of JPEG, 1 to 100.
    """

    format: str
    quality: int = 90


@dataclass(frozen=True)
class Stream:
    """One recorded topic of a rig.

    Attributes:
        topic: relative name (an absolute one starts with "/").
        type: ROS message type, `package/msg/Name`.
        kind: what it carries.
        expected_hz: nominal rate; None for topics without one (events, latched topics).
        required: an episode without it is bad.
        qos: what the publisher of this package offers.
        source: topic to read it from where another node publishes it under a name of its own; it
            is still recorded as `topic`, so that episodes look alike whatever drives a device.
        numbers: topics of the images whose frame numbers this stream tells.
        codec: `topic` and `type` are what the recorder makes of raw images with it; None records
            messages as they are.
    """

    topic: str
    type: str
    kind: StreamKind
    expected_hz: float | None
    required: bool
    qos: Qos
    source: str = ""
    codec: ImageCodec | None = None
    numbers: tuple[str, ...] = ()

    @property
    def read_type(self) -> str:
        """The message type to subscribe to."""
        return self.type if self.codec is None else IMAGE

    @property
    def read_from(self) -> str:
        """The topic to subscribe to."""
        return self.source or self.topic


def arm_topic(prefix: str, name: str) -> str:
    """Topic `name` of the arm whose prefix is `prefix` ("" on a rig with one arm)."""
    return f"{prefix}/{name}" if prefix else name


def color_topic(camera: str) -> str:
    """Colour image topic of a camera, named as realsense-ros names it."""
    return f"cameras/{camera}/color/image_raw"


def color_info_topic(camera: str) -> str:
    """CameraInfo of the colour image."""
    return f"cameras/{camera}/color/camera_info"


def depth_topic(camera: str) -> str:
    """Depth image aligned to colour, 16UC1 mm."""
    return f"cameras/{camera}/aligned_depth_to_color/image_raw"


def depth_info_topic(camera: str) -> str:
    """CameraInfo of the aligned depth image."""
    return f"cameras/{camera}/aligned_depth_to_color/camera_info"


def geometry_topic(camera: str) -> str:
    """Calibration as the device tells it (intrinsics, distortion, extrinsics, scale), JSON."""
    return f"cameras/{camera}/geometry"


def color_metadata_topic(camera: str) -> str:
    """Frame numbers of the colour images, named as realsense-ros names them; JSON."""
    return f"cameras/{camera}/color/metadata"


def compressed(topic: str) -> str:
    """Sibling of a colour image topic, named as image_transport names it."""
    return f"{topic}/compressed"


def compressed_depth(topic: str) -> str:
    """Sibling of a depth image topic, named as image_transport names it."""
    return f"{topic}/compressedDepth"


def raw_image(topic: str) -> str:
    """The raw image topic of itself or of a compressed sibling."""
    return topic.removesuffix("/compressed").removesuffix("/compressedDepth")


def object_topic(name: str) -> str:
    """Pose of a tracked object (ground truth on the simulated rig)."""
    return f"objects/{name}/pose"
