"""The scripted operator: looks at cube and bin and plans one attempt, as a person would.

It plans for the follower and is played on the leader, so everything between leader and follower is
exercised. Some attempts fail, at the rate the rig file states; those are honest failures of the
motion (a grasp beside the cube, an early drop, a missed bin), never of the label.
"""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from teleop_collect.devices.sim.arm_kinematics import ArmKinematics
from teleop_collect.devices.sim.min_jerk import SubmovementTrack, min_jerk
from teleop_collect.devices.sim.operator_plan import RATE_HZ, OperatorPlan
from teleop_collect.devices.sim.pick_and_place import (
    FAILURES,
    Hand,
    IntendedOutcome,
    PickAndPlace,
    Place,
    ToolCoordinate,
    wander,
)
from teleop_collect.devices.sim.poses import parent_from_mount, transform, yaw_of
from teleop_collect.devices.sim.randomization import sample_scene, sim_section
from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Arm, Rig
from teleop_collect.rig.description import RobotDescription, effective_limits, resolve_urdf
from teleop_collect.samples import FloatArray, Pose

SPEED_SHARE = 0.7
"""Of each joint's velocity limit: teleoperation's own limiter then stays idle."""
SLOWDOWN_MARGIN = 1.001
"""Sampled at other times, a path's greatest difference quotient varies a little."""
SETTLE_S = 1.0
"""Over which a home posture that does not point straight down is left and taken up again."""


class ScriptedOperator:
    """Plans pick-and-place attempts for a rig.

    Args:
        rig: the rig; its first-choice arm is the one whose base is nearest to the cube.
        rig_path: file the rig was read from, to which relative URDF paths refer.

    Raises:
        ConfigError: the rig has no `sim` section, or an arm that the operator cannot handle.
        MissingExtraError: pinocchio is not installed.
    """

    def __init__(self, rig: Rig, rig_path: Path | None = None) -> None:
        self._rig = rig
        self._failure_rate = sim_section(rig).operator_failure_rate
        self._arms = {
            name: _OperatedArm(arm, rig.teleop.velocity_scale, rig_path)
            for name, arm in rig.arms.items()
        }

    def plan(
        self, poses: Mapping[str, Pose], seed: int, outcome: IntendedOutcome | None = None
    ) -> OperatorPlan:
        """Plan one attempt.

        Args:
            poses: `cube` and `bin` in the world.
            seed: draws style, errors and, unless given, the outcome.
            outcome: what the attempt comes to; drawn by the rig's failure rate when None.

        Returns:
            The plan, equal for equal arguments.

        Raises:
            ConfigError: a pose is missing, or a place is out of the arm's reach.
        """
        for name in ("cube", "bin"):
            if name not in poses:
                raise ConfigError(
                    f"the scripted operator does not see {name!r}; track it in the rig"
                )
        rng = np.random.default_rng([seed, 300])
        drawn = _drawn_outcome(rng, self._failure_rate)
        intended = drawn if outcome is None else outcome
        name, arm = self._nearest_arm(poses["cube"])
        positions = arm.trajectory(poses["cube"], poses["bin"], intended, rng)
        return OperatorPlan(name, self._rig.arms[name], seed, intended, positions)

    def _nearest_arm(self, cube: Pose) -> "tuple[str, _OperatedArm]":
        def distance(item: "tuple[str, _OperatedArm]") -> float:
            x, y = self._rig.arms[item[0]].base.xyz_m[:2]
            return math.hypot(cube.position_m[0] - x, cube.position_m[1] - y)

        return min(self._arms.items(), key=distance)


def plan_scene(rig: Rig, seed: int, rig_path: Path | None = None) -> OperatorPlan:
    """Plan an attempt in the scene that `seed` draws, with style and outcome of the same seed."""
    scene = sample_scene(rig, seed)
    poses = {
        name: Pose(
            place.xyz_m, (0.0, 0.0, math.sin(place.yaw_rad / 2), math.cos(place.yaw_rad / 2))
        )
        for name, place in (("cube", scene.cube), ("bin", scene.bin))
    }
    return ScriptedOperator(rig, rig_path).plan(poses, seed)


class _OperatedArm:
    """One arm in the operator's hands."""

    def __init__(self, arm: Arm, velocity_scale: float, rig_path: Path | None) -> None:
        self._arm = arm
        self._kinematics = kinematics = ArmKinematics(arm, rig_path)
        self._base_from_world = np.linalg.inv(parent_from_mount(arm.base))
        self._home = np.array([arm.home.get(joint, 0.0) for joint in kinematics.joints])
        self._columns = [arm.joints.index(joint) for joint in kinematics.joints]
        self._gripper_column = arm.joints.index(kinematics.gripper)
        description = RobotDescription.from_urdf(resolve_urdf(arm.urdf, rig_path))
        limits = effective_limits(arm, description)
        self._speed = (
            SPEED_SHARE
            * velocity_scale
            * np.array([limits[joint].velocity for joint in arm.joints])
        )
        self._hand = Hand(self._coordinates_at_home(), limits[kinematics.gripper].upper)

    def trajectory(
        self, cube: Pose, bin_pose: Pose, outcome: IntendedOutcome, rng: np.random.Generator
    ) -> FloatArray:
        """Follower positions, rows at `RATE_HZ`, columns as the arm's joints."""
        duration_s, track = PickAndPlace(
            self._hand, self._place(cube), self._place(bin_pose), outcome, rng
        ).path()
        drift_seed = int(rng.integers(1 << 31))
        positions = self._sampled(track, duration_s, drift_seed, slowdown=1.0)
        speed = np.abs(np.diff(positions, axis=0)).max(axis=0) * RATE_HZ
        slowdown = float((speed / self._speed).max())
        if slowdown > 1.0:
            positions = self._sampled(track, duration_s, drift_seed, SLOWDOWN_MARGIN * slowdown)
        return positions

    def _sampled(
        self, track: SubmovementTrack, duration_s: float, drift_seed: int, slowdown: float
    ) -> FloatArray:
        """Joint positions along a tool path that is gone through `slowdown` times slower."""
        count = math.ceil(duration_s * slowdown * RATE_HZ) + 1
        times_s = np.linspace(0.0, duration_s, count)
        drift = wander(times_s, duration_s, np.random.default_rng(drift_seed))
        path = track.at(times_s) + drift
        postures = np.empty((count, len(self._home)))
        posture = self._home
        for row, coordinates in enumerate(path):
            posture = self._kinematics.solve(_base_from_tool(coordinates), posture)
            postures[row] = posture
        leave = 1.0 - min_jerk(times_s / SETTLE_S)
        arrive = min_jerk((times_s - duration_s + SETTLE_S) / SETTLE_S)
        postures += np.outer(leave, self._home - postures[0])
        postures += np.outer(arrive, self._home - postures[-1])
        positions = np.empty((count, len(self._arm.joints)))
        positions[:, self._columns] = postures
        finger = path[:, ToolCoordinate.FINGER]
        positions[:, self._gripper_column] = np.clip(finger, 0.0, self._hand.finger_open)
        return positions

    def _coordinates_at_home(self) -> FloatArray:
        pose = self._kinematics.base_from_tool(self._home)
        x, y, z = pose[:3, 3]
        yaw = math.atan2(pose[1, 0], pose[0, 0])
        finger = self._arm.home.get(self._kinematics.gripper, 0.0)
        return np.array([math.hypot(x, y), math.atan2(y, x), z, yaw, 0.0, 0.0, finger])

    def _place(self, pose: Pose) -> Place:
        """An object's pose as seen from the arm's base."""
        world_from_object = transform(pose.position_m, (0.0, 0.0, yaw_of(pose)))
        base_from_object = self._base_from_world @ world_from_object
        x, y, z = (float(value) for value in base_from_object[:3, 3])
        return Place(x, y, z, math.atan2(base_from_object[1, 0], base_from_object[0, 0]))


def _drawn_outcome(rng: np.random.Generator, failure_rate: float) -> IntendedOutcome:
    fails, kind = rng.random() < failure_rate, FAILURES[rng.integers(len(FAILURES))]
    return kind if fails else IntendedOutcome.SUCCESS


def _base_from_tool(coordinates: FloatArray) -> FloatArray:
    """4x4 pose of a tool that points down, from its `ToolCoordinate` values."""
    radius, azimuth, height, yaw, tilt_x, tilt_y, _ = coordinates
    xyz = (radius * math.cos(azimuth), radius * math.sin(azimuth), height)
    upright = transform(xyz, (math.pi, 0.0, yaw))
    return upright @ transform((0.0, 0.0, 0.0), (tilt_x, tilt_y, 0.0))
