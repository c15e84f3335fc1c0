"""The typed rig file: one frozen object for everything that launch, nodes, recorder and QA need.

Lengths are metres, angles radians, times seconds, rates hertz; a joint's position is rad for a
revolute joint and m for a prismatic one, as its URDF says. Unknown keys are refused.
Reading a file is `rig.load`; this module only says what a rig is.
"""

from typing import Annotated, Literal

from pydantic import Field

from teleop_collect.rig.calibration_config import CalibrationUse
from teleop_collect.rig.camera_config import Camera, RealSenseCamera, SimCamera, TopicCamera
from teleop_collect.rig.check_config import Check
from teleop_collect.rig.codec_config import Codec
from teleop_collect.rig.follower_config import (
    DynamixelFollower,
    Follower,
    Ros2ControlFollower,
    SimFollower,
)
from teleop_collect.rig.leader_config import (
    DynamixelLeader,
    Leader,
    SpaceMouseLeader,
    TopicLeader,
)
from teleop_collect.rig.pose_config import PoseMapping
from teleop_collect.rig.safety_config import (
    Collision,
    Deadman,
    JointDeadman,
    JoyDeadman,
    Plane,
    Workspace,
    WrenchGuard,
)
from teleop_collect.rig.section import Mount, Name, Positive, Section, Vector3
from teleop_collect.rig.servo_config import Servo
from teleop_collect.rig.task_config import ObjectInBox, Region, Task
from teleop_collect.rig.teleop_config import Align, Teleop, Tracking, Watchdog

__all__ = [
    "Align",
    "Arm",
    "CalibrationUse",
    "Camera",
    "Check",
    "Codec",
    "Collision",
    "Deadman",
    "DynamixelFollower",
    "DynamixelLeader",
    "ExtraStream",
    "Follower",
    "JointDeadman",
    "JointLimit",
    "JointMapping",
    "JoyDeadman",
    "Leader",
    "Mount",
    "ObjectInBox",
    "Plane",
    "Planted",
    "PoseMapping",
    "Provenance",
    "RealSenseCamera",
    "Recording",
    "Region",
    "Rig",
    "Ros2ControlFollower",
    "Servo",
    "Sim",
    "SimCamera",
    "SimFollower",
    "SimObject",
    "SpaceMouseLeader",
    "Task",
    "Teleop",
    "TopicCamera",
    "TopicLeader",
    "TrackedObject",
    "Tracking",
    "Vector3",
    "Watchdog",
    "Workspace",
    "Wrench",
    "WrenchGuard",
]


class Wrench(Section):
    """A force-torque sensor at the wrist."""

    driver: Literal["sim", "topic"] | None = None
    """Simulated with its follower, or published by another node; as the follower when absent."""
    topic: str = ""
    """Where another node publishes it; `follower/wrench` below the arm's prefix when empty."""
    rate_hz: Positive = 500.0
    frame_id: str = "ft_frame"
    max_bias_n: Positive | None = None
    """Largest force that may stand while the arm is at rest and touches nothing, N; with the
    tool's weight in it where neither driver nor calibration takes it out. 5 N when absent."""
    serial: str = ""


class JointMapping(Section):
    """Follower position = sign * scale * leader position + offset."""

    leader_joint: str | None = None
    """Leader joint that drives this follower joint; the same name when absent."""
    sign: Literal[-1, 1] = 1
    scale: float = 1.0
    offset: float = 0.0


class JointLimit(Section):
    """Bounds on commands to one joint, narrower than or equal to the URDF's."""

    lower: float | None = None
    upper: float | None = None
    velocity: Positive | None = None
    """rad/s or m/s."""
    acceleration: Positive | None = None
    """rad/s^2 or m/s^2; `teleop.acceleration_rad_s2` or `teleop.acceleration_m_s2` when absent."""
    jerk: Positive | None = None
    """rad/s^3 or m/s^3; `teleop.jerk_rad_s3` or `teleop.jerk_m_s3` when absent."""


class Arm(Section):
    """One leader-follower pair; several arms make a bimanual rig by composition."""

    prefix: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,31})?$")] = ""
    """Put before this arm's topics; empty on a rig with one arm."""
    urdf: str
    """Path relative to the rig file, or `builtin:NAME` for a description that ships."""
    base: Mount = Mount()
    tool_frame: str = "tool0"
    joints: tuple[str, ...]
    """All commanded joints, the gripper included, by URDF name."""
    leader: Leader
    follower: Follower
    wrench: Wrench | None = None
    mapping: dict[str, JointMapping] = Field(default_factory=dict)
    pose: PoseMapping | None = None
    """For a leader of other kinematics: its tool drives the tool, instead of joint by joint."""
    limits: dict[str, JointLimit] = Field(default_factory=dict)
    home: dict[str, float] = Field(default_factory=dict)
    """Rest posture by joint; 0 for joints not named."""
    workspace: Workspace | None = None
    """Where the tool may be; anywhere when absent."""
    collision: Collision = Collision()
    wrench_guard: WrenchGuard = WrenchGuard()
    """Acts where the arm has a `wrench`."""
    deadman: Deadman | None = None
    """What the operator must hold while the arm may move; nothing when absent."""

    @property
    def is_cartesian(self) -> bool:
        """Whether the tool is led, and the joints follow from it."""
        return self.pose is not None or isinstance(self.leader, SpaceMouseLeader)

    @property
    def leader_joints(self) -> tuple[str, ...]:
        """Joints that the leader reports; a SpaceMouse stands for the follower's own."""
        if isinstance(self.leader, DynamixelLeader):
            return tuple(self.leader.servos)
        if isinstance(self.leader, TopicLeader):
            return self.leader.joints
        return self.joints


class TrackedObject(Section):
    """An object whose pose some source publishes (ground truth on the simulated rig)."""

    rate_hz: Positive = 50.0


class ExtraStream(Section):
    """Any further topic to record."""

    type: Annotated[str, Field(pattern=r"^[a-z0-9_]+/msg/[A-Za-z0-9]+$")]
    expected_hz: Positive | None = None
    required: bool = False


class Recording(Section):
    """Where and how episodes are written."""

    root: str = "~/teleop_collect"
    compression: Literal["zstd", "lz4", "none"] = "zstd"
    zstd_level: Annotated[int, Field(ge=1, le=19)] = 1
    codecs: dict[str, Codec] = Field(default_factory=dict)
    """Compression of images by topic, or for all by `color` and `depth`; as received when absent.
    Recorded below the topic's `/compressed` or `/compressedDepth`."""
    chunk_bytes: Annotated[int, Field(ge=4096, le=64 << 20)] = 1 << 20
    chunk_age_s: Positive = 0.25
    fsync_s: Positive = 1.0
    queue_bytes: Annotated[int, Field(ge=1 << 20)] = 256 << 20
    max_episode_s: Positive = 300.0
    pre_roll_s: Annotated[float, Field(ge=0, le=30)] = 0.0
    """An episode begins this long before the operator starts it; needs memory for the messages."""
    min_free_bytes: Annotated[int, Field(ge=0)] = 2 << 30


class Provenance(Section):
    """Who recorded where, and what may be done with it."""

    operator: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] = "op-unknown"
    """A pseudonym."""
    site: str = "unknown"
    scene_id: str = "unknown"
    license: str = "unknown"
    """SPDX identifier."""
    consent: tuple[str, ...] = ()


class SimObject(Section):
    """A body of the simulated scene."""

    xyz_m: Vector3
    yaw_rad: float = 0.0
    jitter_m: Annotated[float, Field(ge=0)] = 0.0
    """Randomisation: uniform in +- this, in x and y."""
    jitter_yaw_rad: Annotated[float, Field(ge=0)] = 0.0


class Planted(Section):
    """What is wrong with simulated devices, for calibration to find; nothing by default."""

    leader_zero_rad: dict[str, float] = Field(default_factory=dict)
    """By joint of a leader: how far its servo sits from the rig file's `zero_rad`, rad."""
    follower_zero_rad: dict[str, float] = Field(default_factory=dict)
    """By joint of a simulated follower: what its encoder reports too much, rad or m."""
    wrench_tared: bool = True
    """Whether the force-torque sensor takes out the tool's weight by itself."""
    wrench_bias_n: Vector3 = (0.0, 0.0, 0.0)
    wrench_bias_nm: Vector3 = (0.0, 0.0, 0.0)
    camera_delay_s: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """How much later than the scene images are stamped."""


class Sim(Section):
    """The simulated rig."""

    seed: int = 0
    physics_hz: Annotated[int, Field(ge=500)] = 1000
    render: Literal["auto", "egl", "osmesa", "raycast"] = "auto"
    randomize: bool = True
    """Lights, colours, textures, object and camera poses, friction, mass; by seed."""
    cube: SimObject
    bin: SimObject
    camera_jitter_m: Annotated[float, Field(ge=0)] = 0.005
    camera_jitter_rad: Annotated[float, Field(ge=0)] = 0.01
    operator_failure_rate: Annotated[float, Field(ge=0, le=1)] = 0.15
    """Share of attempts that the scripted operator spoils."""
    boards: dict[Name, Mount] = Field(default_factory=dict)
    """Where boards of `calibration.boards` stand or hang: x along columns, y along rows, printed on
    the side of negative z; none by default."""
    planted: Planted = Planted()


class Rig(Section):
    """Everything about one rig."""

    schema_version: Annotated[Literal["teleop_collect.rig/1"], Field(alias="schema")] = (
        "teleop_collect.rig/1"
    )
    name: Name
    embodiment: Name
    arms: dict[Name, Arm]
    teleop: Teleop = Teleop()
    cameras: dict[Name, Camera] = Field(default_factory=dict)
    objects: dict[Name, TrackedObject] = Field(default_factory=dict)
    streams: dict[str, ExtraStream] = Field(default_factory=dict)
    recording: Recording = Recording()
    regions: dict[Name, Region] = Field(default_factory=dict)
    tasks: dict[Name, Task]
    instruction_seed: int = 0
    """Draws which of a task's instructions an episode gets."""
    provenance: Provenance = Provenance()
    check: Check = Check()
    calibration: CalibrationUse = CalibrationUse()
    sim: Sim | None = None
