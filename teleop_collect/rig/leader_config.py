"""What the operator moves: a Dynamixel arm, a SpaceMouse, or a leader that another node drives."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from teleop_collect.rig.section import Positive, Section, Share
from teleop_collect.rig.servo_config import Servo

TwistAxis = Literal["x", "y", "z", "roll", "pitch", "yaw"]
TwistSource = Annotated[str, Field(pattern=r"^-?(x|y|z|roll|pitch|yaw)$|^off$")]


class GripperSpring(Section):
    """A spring that opens the leader's gripper: current = stiffness * (rest - position)."""

    joint: str = "gripper"
    stiffness_a_per_rad: Positive
    rest_rad: float
    max_current_a: Positive


class Clutch(Section):
    """A joint (a trigger or button on the bus) that lets the leader move without the follower.

    While it is pressed, the follower stays; when it is let go, the follower is aligned with the
    leader again, at the ramp's speed. The joint needs no follower joint of its own.
    """

    joint: str
    threshold_rad: float
    pressed: Literal["above", "below"] = "above"
    """On which side of the threshold it counts as pressed."""


class Comfort(Section):
    """What makes a leader arm lighter; all of it off unless named here."""

    gravity_gain: Share = 0.0
    """Share of the arm's own weight that the servos carry; 0 is off, 1 all of it."""
    urdf: str = ""
    """Description of the leader itself (`builtin:NAME` or a path), for gravity compensation."""
    max_current_a: Positive = 0.3
    """Bound on the current of every servo of the leader, A."""
    gripper_spring: GripperSpring | None = None
    clutch: Clutch | None = None


class DynamixelLeader(Section):
    """An arm of Dynamixel servos that the operator moves by hand."""

    driver: Literal["dynamixel"] = "dynamixel"
    serial: str
    port: str
    """Device path, or `sim://NAME` for an emulated bus of this rig."""
    baud: Annotated[int, Field(gt=0)] = 1_000_000
    rate_hz: Positive = 200.0
    servos: dict[str, Servo]
    """Keyed by joint name."""
    comfort: Comfort = Comfort()


class SpaceMouseButtons(Section):
    """Which button does what, counted from 0; no button where absent."""

    gripper_open: Annotated[int, Field(ge=0, le=31)] | None = 0
    gripper_close: Annotated[int, Field(ge=0, le=31)] | None = 1
    clutch: Annotated[int, Field(ge=0, le=31)] | None = None
    """While it is held, the arm stays where it is."""


class SpaceMouseLeader(Section):
    """A six-axis mouse that commands the tool's velocity. ROS axes: x forward, y left, z up."""

    driver: Literal["spacemouse"]
    serial: str = ""
    """USB serial number; the only mouse attached when empty."""
    path: str = ""
    """Device path (such as `/dev/hidraw3`), instead of the serial number."""
    model: str = ""
    """Name as pyspacemouse knows it (such as `SpaceNavigator`); any when empty."""
    rate_hz: Positive = 100.0
    dead_zone: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Share of full deflection that counts as rest."""
    translation_m_s: Positive = 0.1
    """Tool speed at full deflection."""
    rotation_rad_s: Positive = 0.5
    """Turning speed at full deflection."""
    frame: Literal["base", "tool"] = "base"
    """Axes in which the twist is meant: the arm's base link or its tool frame."""
    axes: dict[TwistAxis, TwistSource] = Field(default_factory=dict)
    """Mouse axis that drives a twist axis, `-` in front to turn it round, `off` for none."""
    buttons: SpaceMouseButtons = SpaceMouseButtons()
    gripper_joint: str | None = "gripper"
    """Joint that the gripper buttons move; None for arms without one."""
    gripper_speed: Positive = 0.05
    """Speed of that joint while a button is held, rad/s or m/s."""


class TopicLeader(Section):
    """A leader arm that another node reads and publishes as JointState."""

    driver: Literal["topic"]
    serial: str = ""
    topic: str = "leader/joint_states"
    rate_hz: Positive
    """Expected rate of its messages."""
    joints: tuple[str, ...]
    """Joint names in its messages."""


def _driver_of(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("driver", "dynamixel"))
    return getattr(value, "driver", "dynamixel")


Leader = Annotated[
    Annotated[DynamixelLeader, Tag("dynamixel")]
    | Annotated[SpaceMouseLeader, Tag("spacemouse")]
    | Annotated[TopicLeader, Tag("topic")],
    Discriminator(_driver_of),
]
"""Told apart by `driver`; `dynamixel` where it is absent."""
