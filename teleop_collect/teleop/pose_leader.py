"""A leader of other kinematics, by the motion of its tool. Pure.

What the leader's tool has done since indexing, the follower's tool is to do: translations scaled
and rotations as they are, both turned from the leader's base axes into the follower's. The tool is
drawn to that pose by a twist that grows with what is missing, and the joints by the same
differential inverse kinematics and the same pace as with a SpaceMouse.
"""

import math
from collections.abc import Sequence

import numpy as np

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Arm
from teleop_collect.rig.description import RobotDescription
from teleop_collect.rig.pinocchio_library import import_pinocchio
from teleop_collect.rig.pose_config import PoseMapping
from teleop_collect.samples import FloatArray, JointSample
from teleop_collect.teleop.bounds import SoftBounds
from teleop_collect.teleop.differential_ik import joint_velocity
from teleop_collect.teleop.joint_pace import JointPace
from teleop_collect.teleop.leader_doubted import LeaderDoubted
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.mapping import JointOrder, JointsUnreadable
from teleop_collect.teleop.tool_kinematics import ToolKinematics

GAIN_PER_S = 15.0
"""Share of the missing way that is asked for in a second: follows with a lag of 1/15 s."""

MAX_DT_S = 0.05
"""A longer pause is not made up for."""

MAX_POSITION = 1e6
"""rad or m; a position beyond it is as good as infinite, and would overflow in what follows."""


class PoseLeader:
    """Turns a leader's tool motion into positions of the follower's joints.

    Args:
        arm: joints, tool frame and `pose`.
        leader_joints: that the leader reports.
        description: the follower.
        leader_description: the leader.
        bounds: of each of the arm's joints, in order: `TeleopChain.bounds`.

    Raises:
        ConfigError: a joint or frame of `pose` does not exist, or the arm has a joint mapping too.
        MissingExtraError: pinocchio is not installed.
    """

    def __init__(
        self,
        arm: Arm,
        leader_joints: Sequence[str],
        description: RobotDescription,
        leader_description: RobotDescription,
        bounds: Sequence[SoftBounds],
    ) -> None:
        self._config = config = _checked(arm, leader_joints)
        self._pin = import_pinocchio("pose mapping")
        gripper = None if config.gripper is None else config.gripper.joint
        moved = tuple(joint for joint in arm.joints if joint != gripper)
        described = leader_description.moving_joints()
        arm_of_leader = tuple(joint for joint in leader_joints if joint in described)
        self.joints = arm.joints
        self._follower = ToolKinematics(description, moved, arm.tool_frame)
        self._leader = ToolKinematics(leader_description, arm_of_leader, config.tool_frame)
        self._leader_joints = arm_of_leader
        self._leader_order = JointOrder("leader", arm_of_leader)
        self._order = JointOrder("follower", arm.joints)
        self._indices = [arm.joints.index(joint) for joint in moved]
        by_joint = dict(zip(arm.joints, bounds, strict=True))
        self._pace = JointPace([by_joint[joint] for joint in moved])
        self._gripper = None if gripper is None else arm.joints.index(gripper)
        self._gripper_bounds = None if gripper is None else by_joint[gripper]
        self._turn: FloatArray = self._pin.rpy.rpyToMatrix(
            np.array(config.follower_from_leader_rpy_rad)
        )
        self._positions: list[float] = []
        self._posture = np.zeros(len(moved))
        self._index: tuple[FloatArray, FloatArray] | None = None

    def reset(self, follower: JointSample) -> None:
        """Be where the follower is, at rest; the next leader sample is the new index.

        Raises:
            JointsUnreadable: the sample lacks a joint or has a position that is no number.
        """
        positions = self._measured(follower)
        self._positions = list(positions)
        self._posture = np.array([positions[i] for i in self._indices])
        self._stand()

    def update(
        self, leader: JointSample | None, dt_s: float, stamp_ns: int, follower: JointSample
    ) -> JointSample | None:
        """Move for `dt_s` towards the pose that the leader asks for.

        Args:
            leader: newest sample; None when there is none, or it is too old.
            dt_s: since the last update, s.
            stamp_ns: UTC time now, ns; stamps the answer.
            follower: newest sample; the answer leads it by no more than `JointPace` permits.

        Returns:
            Positions and velocities of all joints of the arm; None before `reset` and without a
            live leader: teleoperation then holds, and both tools are indexed again.

        Raises:
            LeaderDoubted: the leader's sample lacks a joint or has a position that is no number.
            JointsUnreadable: as `reset`.
        """
        if leader is None or not self._positions:
            self._stand()
            return None
        try:
            pose, gripper = self._leader_pose(leader), self._asked_gripper(leader)
        except LeaderDoubted:
            self._stand()
            raise
        measured = self._measured(follower)
        if self._index is None or self._is_clutched(leader):
            self._stand()
            self._index = (pose, self._follower.base_from_tool(self._arm_positions()))
        velocities = [0.0] * len(self.joints)
        dt_s = min(max(dt_s, 0.0), MAX_DT_S)
        if dt_s > 0.0:
            self._move(self._wanted_pose(pose), velocities, measured, dt_s)
            self._grip(gripper, velocities, dt_s)
        return JointSample(stamp_ns, self.joints, tuple(self._positions), tuple(velocities))

    def _measured(self, follower: JointSample) -> tuple[float, ...]:
        positions = self._order.pick(follower)
        if not all(map(math.isfinite, positions)):
            raise JointsUnreadable(f"follower positions {positions} are not all finite")
        return positions

    def _leader_pose(self, leader: JointSample) -> FloatArray:
        try:
            positions = self._leader_order.pick(leader)
        except JointsUnreadable as error:
            raise LeaderDoubted(LimiterBits.MISSING_JOINT, str(error)) from None
        for joint, position in zip(self._leader_joints, positions, strict=True):
            if not abs(position) <= MAX_POSITION:
                raise _not_finite(joint, position)
        return self._leader.base_from_tool(np.array(positions))

    def _arm_positions(self) -> FloatArray:
        return np.array([self._positions[i] for i in self._indices])

    def _wanted_pose(self, leader: FloatArray) -> FloatArray:
        """base_from_tool of the follower that repeats the leader's motion since the index."""
        assert self._index is not None
        leader_then, tool_then = self._index
        turn = self._turn
        pose: FloatArray = tool_then.copy()
        way = turn @ (leader[:3, 3] - leader_then[:3, 3])
        pose[:3, 3] += self._config.translation_scale * way
        pose[:3, :3] = turn @ leader[:3, :3] @ leader_then[:3, :3].T @ turn.T @ tool_then[:3, :3]
        return pose

    def _move(
        self, wanted: FloatArray, velocities: list[float], measured: Sequence[float], dt_s: float
    ) -> None:
        positions = self._arm_positions()
        now = self._follower.base_from_tool(positions)
        gain = min(GAIN_PER_S, 1.0 / dt_s)
        linear = _capped(gain * (wanted[:3, 3] - now[:3, 3]), self._config.max_m_s)
        angle = np.asarray(self._pin.log3(wanted[:3, :3] @ now[:3, :3].T))
        angular = _capped(gain * angle, self._config.max_rad_s)
        twist = np.concatenate([linear, angular])
        wish = joint_velocity(self._follower.jacobian, positions, twist, self._posture)
        near = [measured[i] for i in self._indices]
        moving = self._pace.step(positions.tolist(), wish.tolist(), near, dt_s)
        for index, velocity in zip(self._indices, moving, strict=True):
            self._positions[index] += velocity * dt_s
            velocities[index] = velocity

    def _asked_gripper(self, leader: JointSample) -> float | None:
        """What the leader asks of the gripper; None where nothing moves one."""
        config, bounds = self._config.gripper, self._gripper_bounds
        if config is None or bounds is None:
            return None
        asked = dict(zip(leader.names, leader.position, strict=False)).get(config.leader_joint)
        if asked is None:
            text = f"leader message has no position of {config.leader_joint}"
            raise LeaderDoubted(LimiterBits.MISSING_JOINT, text)
        if not math.isfinite(asked):
            raise _not_finite(config.leader_joint, asked)
        return bounds.reach(config.sign * config.scale * asked + config.offset)

    def _grip(self, wish: float | None, velocities: list[float], dt_s: float) -> None:
        index, bounds = self._gripper, self._gripper_bounds
        if wish is None or index is None or bounds is None:
            return
        before, step = self._positions[index], bounds.velocity * dt_s
        self._positions[index] = min(max(wish, before - step), before + step)
        velocities[index] = (self._positions[index] - before) / dt_s

    def _is_clutched(self, leader: JointSample) -> bool:
        clutch = self._config.clutch
        if clutch is None:
            return False
        position = dict(zip(leader.names, leader.position, strict=False)).get(clutch.joint)
        if position is None:
            return False
        beyond = position - clutch.threshold_rad
        return beyond > 0 if clutch.pressed == "above" else beyond < 0

    def _stand(self) -> None:
        self._pace.stop()
        self._index = None


def _checked(arm: Arm, leader_joints: Sequence[str]) -> PoseMapping:
    config = arm.pose
    if config is None:
        raise ConfigError("the arm has no section `pose`")
    if arm.mapping:
        raise ConfigError(
            f"mapping names {', '.join(arm.mapping)}, but `pose` moves the tool as a whole; remove "
            "the mapping, and say under pose.gripper what moves the gripper"
        )
    if config.gripper is not None and config.gripper.joint not in arm.joints:
        raise ConfigError(
            f"pose.gripper.joint {config.gripper.joint!r} is none of the arm's joints "
            f"({', '.join(arm.joints)})"
        )
    for what, joint in (
        ("pose.gripper.leader_joint", config.gripper and config.gripper.leader_joint),
        ("pose.clutch.joint", config.clutch and config.clutch.joint),
    ):
        if joint and joint not in leader_joints:
            raise ConfigError(
                f"{what} {joint!r} is none of the leader's joints ({', '.join(leader_joints)})"
            )
    return config


def _not_finite(joint: str, position: float) -> LeaderDoubted:
    text = (
        f"leader position of joint {joint} is {position}, must be finite and below {MAX_POSITION:g}"
    )
    return LeaderDoubted(LimiterBits.NOT_FINITE, text)


def _capped(vector: FloatArray, limit: float) -> FloatArray:
    length = float(np.linalg.norm(vector))
    return vector * (limit / length) if length > limit else vector
