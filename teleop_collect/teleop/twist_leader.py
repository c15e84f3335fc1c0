"""A leader arm that exists in numbers only: it moves as a twist asks, and its joints are followed.

Its samples feed the ordinary chain, so alignment, limits and watchdogs apply as to any leader. Its
joints are the follower's own, in the follower's units: the rig file's mapping stays empty.

    leader = TwistLeader(arm, description, chain.bounds)
    feed = CartesianFeed(chain, leader)
    each twist: feed.received(twist, receive_ns)
    each tick: feed.feed(now_ns, utc_ns, newest follower sample)
"""

import math
from collections.abc import Sequence

import numpy as np

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Arm, SpaceMouseLeader
from teleop_collect.rig.description import RobotDescription
from teleop_collect.samples import FloatArray, JointSample, TwistSample
from teleop_collect.teleop.bounds import SoftBounds
from teleop_collect.teleop.differential_ik import joint_velocity
from teleop_collect.teleop.gripper_buttons import GripperButtons
from teleop_collect.teleop.joint_pace import JointPace
from teleop_collect.teleop.leader_doubted import LeaderDoubted
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.mapping import JointOrder, JointsUnreadable
from teleop_collect.teleop.tool_kinematics import ToolKinematics

MAX_TWIST = 10.0
"""m/s and rad/s: faster than any arm. A larger twist is scaled down to it before anything is
computed from it; what the joints can do is far below."""

MAX_DT_S = 0.05
"""A longer pause is not made up for: the arm moves as if it had lasted this long."""

_COMPONENTS = ("linear x", "linear y", "linear z", "angular x", "angular y", "angular z")


class TwistLeader:
    """Integrates twists into joint positions.

    An arm with more joints than the tool needs stays near the posture of the last `reset`.

    The tool moves exactly as asked, slower, or not at all: joint limits slow the whole motion down
    along its direction. Only near singular postures its direction changes, by leaving out what the
    arm cannot do there.

    After `reset`, after a time without a live device and while the clutch is held the arm stands
    until the twist has been zero once, so a cap that happens to be deflected moves nothing.

    Args:
        arm: joints, tool frame and the SpaceMouse below `leader`.
        description: the robot.
        bounds: of each of the arm's joints, in order: `TeleopChain.bounds`.

    Attributes:
        joints: names in the order of the samples, those of the arm.
        base_frame: the description's root link.
        tool_frame: the arm's tool frame.
        frame_id: the one of both in which the rig file means twists.

    Raises:
        ConfigError: the leader is no SpaceMouse, its gripper joint is none of the arm's, the
            mapping is not empty, or the description lacks a joint or the tool frame.
        MissingExtraError: pinocchio is not installed.
    """

    def __init__(
        self, arm: Arm, description: RobotDescription, bounds: Sequence[SoftBounds]
    ) -> None:
        config = _checked(arm)
        self.joints = arm.joints
        by_joint = dict(zip(arm.joints, bounds, strict=True))
        moved = tuple(joint for joint in arm.joints if joint != config.gripper_joint)
        self._kinematics = ToolKinematics(description, moved, arm.tool_frame)
        self.base_frame = self._kinematics.base_frame
        self.tool_frame = self._kinematics.tool_frame
        self.frame_id = self.base_frame if config.frame == "base" else self.tool_frame
        self._clutch = config.buttons.clutch
        self._order = JointOrder("follower", arm.joints)
        self._indices = [arm.joints.index(joint) for joint in moved]
        self._pace = JointPace([by_joint[joint] for joint in moved])
        self._gripper = GripperButtons(config, arm.joints, by_joint)
        self._positions: list[float] = []
        self._posture = np.zeros(len(moved))
        self._waits_for_rest = True
        self.permitted: FloatArray = np.zeros(6)
        """Twist of the last update that may be acted on: zero while the arm is to stand."""

    def reset(self, follower: JointSample) -> None:
        """Put the leader where the follower is, at rest.

        Raises:
            JointsUnreadable: the sample lacks a joint or has a position that is no number.
        """
        positions = self._measured(follower)
        self._positions = list(positions)
        self._posture = np.array([positions[i] for i in self._indices])
        self._stand()

    def update(
        self,
        twist: TwistSample | None,
        dt_s: float,
        stamp_ns: int,
        follower: JointSample | None = None,
    ) -> JointSample | None:
        """Move for `dt_s` as the twist asks.

        Args:
            twist: newest sample of the source; None when there is none, or it is too old. A source
                that is alive sends one each period, at rest too.
            dt_s: time since the last update, s.
            stamp_ns: UTC time now, ns; stamps the answer.
            follower: newest sample of the follower. Given, the leader runs ahead of it by
                `joint_pace.MAX_LEAD_RAD` at most, so a robot that is held up is not asked for
                ever more.

        Returns:
            Positions (rad or m) and velocities of all joints of the arm; None before `reset` and
            without a live device: teleoperation then holds.

        Raises:
            LeaderDoubted: the twist is no number, or in no frame of the arm.
            JointsUnreadable: as `reset`.
        """
        if not self._positions or twist is None:
            self._stand()
            return None
        if (doubted := self._problem(twist)) is not None:
            self._stand()
            raise doubted
        dt_s = min(max(dt_s, 0.0), MAX_DT_S)
        measured = None if follower is None else self._measured(follower)
        velocities = [0.0] * len(self.joints)
        if dt_s > 0.0:
            self._gripper.move(self._positions, velocities, twist.buttons, dt_s)
            self.permitted = self._asked(twist)
            self._move_tool(self.permitted, twist.frame_id, velocities, measured, dt_s)
        return JointSample(stamp_ns, self.joints, tuple(self._positions), tuple(velocities))

    def _problem(self, twist: TwistSample) -> LeaderDoubted | None:
        """Why a twist cannot be acted on; None when it can."""
        values = (*twist.linear_m_s, *twist.angular_rad_s)
        for name, value in zip(_COMPONENTS, values, strict=True):
            if not math.isfinite(value):
                text = f"twist {name} is {value}, must be finite"
                return LeaderDoubted(LimiterBits.NOT_FINITE, text)
        if twist.frame_id not in (self.base_frame, self.tool_frame):
            frames = f"{self.base_frame!r} or {self.tool_frame!r}"
            text = f"twist is in frame {twist.frame_id!r}; it must be {frames}"
            return LeaderDoubted(LimiterBits.BAD_FRAME, text)
        return None

    def _measured(self, follower: JointSample) -> tuple[float, ...]:
        positions = self._order.pick(follower)
        if not all(map(math.isfinite, positions)):
            raise JointsUnreadable(f"follower positions {positions} are not all finite")
        return positions

    def _asked(self, twist: TwistSample) -> FloatArray:
        """The twist that may be acted on, shape (6,): zero while the arm is to stand."""
        asked = np.array(twist.linear_m_s + twist.angular_rad_s)
        asked *= min(1.0, MAX_TWIST / max(float(np.abs(asked).max()), MAX_TWIST))
        if _is_down(self._clutch, twist.buttons):
            self._waits_for_rest = True
        elif not asked.any():
            self._waits_for_rest = False
        return np.zeros(6) if self._waits_for_rest else asked

    def _move_tool(
        self,
        asked: FloatArray,
        frame_id: str,
        velocities: list[float],
        measured: tuple[float, ...] | None,
        dt_s: float,
    ) -> None:
        positions = np.array([self._positions[i] for i in self._indices])
        wanted = self._wanted(positions, asked, frame_id, dt_s)
        lead_of = None if measured is None else [measured[i] for i in self._indices]
        moving = self._pace.step(positions.tolist(), wanted.tolist(), lead_of, dt_s)
        for index, velocity in zip(self._indices, moving, strict=True):
            self._positions[index] += velocity * dt_s
            velocities[index] = velocity

    def _wanted(
        self, positions: FloatArray, asked: FloatArray, frame_id: str, dt_s: float
    ) -> FloatArray:
        """Joint velocities for the twist, from the middle of the step: second order in `dt_s`.

        One step from its start alone would leave a circle of 0.1 m by 0.25 mm each second.
        """
        if not asked.any():
            return np.zeros(len(positions))
        start = self._velocity(positions, asked, frame_id)
        return self._velocity(positions + start * (0.5 * dt_s), asked, frame_id)

    def _velocity(self, positions: FloatArray, asked: FloatArray, frame_id: str) -> FloatArray:
        kinematics = self._kinematics
        if frame_id == self.tool_frame:
            base_from_tool = kinematics.base_from_tool(positions)[:3, :3]
            asked = np.concatenate([base_from_tool @ asked[:3], base_from_tool @ asked[3:]])
        return joint_velocity(kinematics.jacobian, positions, asked, self._posture)

    def _stand(self) -> None:
        self._pace.stop()
        self._waits_for_rest = True
        self.permitted = np.zeros(6)


def _checked(arm: Arm) -> SpaceMouseLeader:
    config = arm.leader
    if not isinstance(config, SpaceMouseLeader):
        raise ConfigError(f"leader driver is {config.driver!r}; a twist leader needs 'spacemouse'")
    if arm.mapping:
        raise ConfigError(
            f"mapping names {', '.join(arm.mapping)}, but a SpaceMouse moves the follower's own "
            "joints; remove the mapping"
        )
    if config.gripper_joint is not None and config.gripper_joint not in arm.joints:
        raise ConfigError(
            f"leader.gripper_joint {config.gripper_joint!r} is none of the arm's joints "
            f"({', '.join(arm.joints)}); name the gripper's joint, or null without one"
        )
    return config


def _is_down(button: int | None, buttons: Sequence[int]) -> bool:
    return button is not None and button < len(buttons) and bool(buttons[button])
