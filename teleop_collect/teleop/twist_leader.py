"""A leader arm that exists in numbers only: it moves as a twist asks, and its joints are followed.

Its samples feed the ordinary chain, so alignment, limits and watchdogs apply as to any leader. Its
joints are the follower's own, in the follower's units: the rig file's mapping stays empty.

    leader = TwistLeader(arm, description, chain.bounds)
    source = create_twist_source(arm.leader, clock, leader.frame_id)
    each tick:
        if the chain is in no state but ALIGNING and ENGAGED: leader.reset(newest follower sample)
        sample = leader.update(newest twist, dt_s, stamp_ns, newest follower sample)
        if sample is not None: chain.leader_received(sample, now_ns)
"""

import math
from collections.abc import Sequence

import numpy as np

from teleop_collect.clock import NS_PER_S
from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Arm, SpaceMouseLeader
from teleop_collect.rig.description import RobotDescription
from teleop_collect.samples import FloatArray, JointSample, TwistSample
from teleop_collect.teleop.bounds import SoftBounds
from teleop_collect.teleop.differential_ik import joint_velocity
from teleop_collect.teleop.gripper_buttons import GripperButtons
from teleop_collect.teleop.joint_pace import JointPace
from teleop_collect.teleop.mapping import JointOrder, JointsUnreadable
from teleop_collect.teleop.tool_kinematics import ToolKinematics

MAX_TWIST_AGE_S = 0.1
"""An older twist says nothing about the device now; as the chain's own watchdog."""

MAX_DT_S = 0.05
"""A longer pause is not made up for: the arm moves as if it had lasted this long."""


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
            twist: newest sample of the source; None when there is none. A source that is alive
                sends one each period, at rest too.
            dt_s: time since the last update, s.
            stamp_ns: UTC time now, ns; stamps the answer.
            follower: newest sample of the follower. Given, the leader runs ahead of it by
                `joint_pace.MAX_LEAD_RAD` at most, so a robot that is held up is not asked for
                ever more.

        Returns:
            Positions (rad or m) and velocities of all joints of the arm; None before `reset` and
            without a live device: teleoperation then holds.

        Raises:
            ConfigError: the twist's frame is neither the base frame nor the tool frame.
            JointsUnreadable: as `reset`.
        """
        if not self._positions or twist is None or not _is_believable(twist, stamp_ns):
            self._stand()
            return None
        dt_s = min(max(dt_s, 0.0), MAX_DT_S)
        measured = None if follower is None else self._measured(follower)
        velocities = [0.0] * len(self.joints)
        if dt_s > 0.0:
            self._gripper.move(self._positions, velocities, twist.buttons, dt_s)
            self.permitted = self._asked(twist)
            self._move_tool(self.permitted, twist.frame_id, velocities, measured, dt_s)
        return JointSample(stamp_ns, self.joints, tuple(self._positions), tuple(velocities))

    def _measured(self, follower: JointSample) -> tuple[float, ...]:
        positions = self._order.pick(follower)
        if not all(map(math.isfinite, positions)):
            raise JointsUnreadable(f"follower positions {positions} are not all finite")
        return positions

    def _asked(self, twist: TwistSample) -> FloatArray:
        """The twist that may be acted on, shape (6,): zero while the arm is to stand."""
        asked = np.array(twist.linear_m_s + twist.angular_rad_s)
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
        elif frame_id != self.base_frame:
            raise ConfigError(
                f"twist is in frame {frame_id!r}; it must be {self.base_frame!r} or "
                f"{self.tool_frame!r}"
            )
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


def _is_believable(twist: TwistSample, stamp_ns: int) -> bool:
    values = (*twist.linear_m_s, *twist.angular_rad_s)
    age_s = abs(stamp_ns - twist.stamp_ns) / NS_PER_S
    return age_s <= MAX_TWIST_AGE_S and all(map(math.isfinite, values))


def _is_down(button: int | None, buttons: Sequence[int]) -> bool:
    return button is not None and button < len(buttons) and bool(buttons[button])
