"""The robot that moves with the leader: simulated, a Dynamixel arm, or ros2_control by topic."""

from typing import Annotated, Literal

from pydantic import Field

from teleop_collect.rig.section import Positive, Section
from teleop_collect.rig.servo_config import Servo

CommandKind = Literal["joint_trajectory", "forward_position"]


class FollowerSection(Section):
    """What all followers have."""

    serial: str
    command: CommandKind = "joint_trajectory"
    """Message type of commands: JointTrajectory, or Float64MultiArray."""
    command_topic: str = "follower/joint_trajectory"
    rate_hz: Positive = 200.0
    """Expected rate of the follower's joint states."""


class SimFollower(FollowerSection):
    """A follower of the simulated rig."""

    driver: Literal["sim"]


class Gripper(Section):
    """A gripper with a controller of its own."""

    joint: str
    """Joint of this arm that it moves."""
    topic: str
    type: Literal["joint_trajectory", "float64_multi_array"] = "float64_multi_array"


class MoveItServo(Section):
    """MoveIt Servo between the operator's twist and the robot's controller.

    Servo computes and limits the joints' motion; it commands the arm on the follower's
    `command_topic`, from where it is recorded as what was sent.
    """

    twist_topic: str = "servo_node/delta_twist_cmds"
    """Where Servo takes TwistStamped. Its `incoming_command_timeout` must stay on."""
    rate_hz: Positive = 100.0
    """Expected rate of Servo's commands (its 1 / publish_period)."""


class Ros2ControlFollower(FollowerSection):
    """A robot behind ros2_control, commanded and observed by topic."""

    driver: Literal["ros2_control"]
    controller: str = ""
    """Node of the controller, whose parameter `joints` gives the order of an array; what stands
    before the last `/` of `command_topic` when empty."""
    state_topic: str = "joint_states"
    """Where joint_state_broadcaster publishes."""
    gripper: Gripper | None = None
    servo: MoveItServo | None = None
    """Twists of the leader go to MoveIt Servo instead of joint commands to the controller."""

    @property
    def controller_node(self) -> str:
        """Name of the controller's node."""
        return self.controller or self.command_topic.rpartition("/")[0]


class DynamixelFollower(FollowerSection):
    """An arm of Dynamixel servos, driven by the node `follower_arm`."""

    driver: Literal["dynamixel"]
    port: str
    """Device path, or `sim://NAME` for an emulated bus of this rig."""
    baud: Annotated[int, Field(gt=0)] = 1_000_000
    servos: dict[str, Servo]
    """Keyed by joint name."""
    bus_watchdog_s: Annotated[float, Field(ge=0.02, le=2.54)] = 0.1
    """Silence after which the servos stop by themselves (register 98, in steps of 20 ms)."""
    torque_ramp_s: Annotated[float, Field(ge=0, le=10)] = 1.0
    """Time in which the current limit rises when torque is switched on."""
    on_exit: Literal["hold", "release"] = "hold"
    """At the end: keep the last position with torque on, or let go (the arm falls)."""


Follower = Annotated[
    SimFollower | Ros2ControlFollower | DynamixelFollower, Field(discriminator="driver")
]
