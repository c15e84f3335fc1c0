"""What a replay asks of one arm, and whether it may: the motion, its check, the ramp's speeds."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from teleop_collect.errors import ConfigError
from teleop_collect.rig.description import RobotDescription, resolve_urdf
from teleop_collect.rig.load import LoadedRig
from teleop_collect.samples import FloatArray
from teleop_collect.teleop.build import build_group
from teleop_collect.teleop.collision import CollisionLimit
from teleop_collect.teleop.guards import arm_guards
from teleop_collect.teleop.replay.check import ClearanceLimit, Violation, violations
from teleop_collect.teleop.replay.trajectory import Trajectory, recorded_trajectory
from teleop_collect.teleop.replay.unmapping import Unmapping
from teleop_collect.teleop.workspace import WorkspaceLimit

MIN_SPEED, MAX_SPEED = 0.01, 2.0


@dataclass(frozen=True)
class Recorded:
    """A stream of joint states as arrays: names of the columns, UTC ns, rad or m."""

    names: tuple[str, ...]
    stamp_ns: NDArray[np.int64]
    positions: FloatArray


@dataclass(frozen=True)
class ArmPlan:
    """One arm.

    Attributes:
        motion: at the speed asked for.
        ramp_speeds: on the way to its start, by joint, rad/s or m/s.
        units: "rad" or "m" by joint.
        violations: limits that the motion does not keep; empty when it may be driven.
    """

    motion: Trajectory
    ramp_speeds: tuple[float, ...]
    units: Mapping[str, str]
    violations: tuple[Violation, ...]


def plan_replay(
    loaded: LoadedRig, recorded: Mapping[str, Recorded], speed: float
) -> dict[str, ArmPlan]:
    """Look at a whole recorded motion before anything moves.

    Args:
        loaded: the rig that is to move.
        recorded: what each of its arms was sent.
        speed: 1 as recorded, 0.5 half as fast.

    Returns:
        By arm.

    Raises:
        ConfigError: the speed is out of range, or the recording is of other joints.
    """
    if not MIN_SPEED <= speed <= MAX_SPEED:
        raise ConfigError(f"speed is {speed:g}; it must be {MIN_SPEED:g} to {MAX_SPEED:g}")
    chains = build_group(loaded).chains
    align = loaded.rig.teleop.align
    plans = {}
    for name, stream in recorded.items():
        arm, bounds = loaded.rig.arms[name], chains[name].bounds
        Unmapping(arm.joints, arm.mapping)
        motion = recorded_trajectory(arm.joints, stream.names, stream.stamp_ns, stream.positions)
        motion = motion.scaled(speed)
        clearances = arm_clearances(loaded, name)
        plans[name] = ArmPlan(
            motion,
            tuple(align.ramp_m_s if b.unit == "m" else align.ramp_rad_s for b in bounds),
            {joint: b.unit for joint, b in zip(arm.joints, bounds, strict=True)},
            tuple(violations(motion, bounds, clearances)),
        )
    return plans


def arm_clearances(loaded: LoadedRig, name: str) -> list[ClearanceLimit]:
    """What an arm must keep away from: its workspace's faces, itself, the table.

    Raises:
        ConfigError, MissingExtraError: see `arm_guards`.
    """
    arm = loaded.rig.arms[name]
    description = RobotDescription.from_urdf(resolve_urdf(arm.urdf, loaded.path))
    guards, _ = arm_guards(arm, description, loaded.rig.teleop)
    found = []
    for guard in guards:
        if isinstance(guard, WorkspaceLimit):
            found.append(ClearanceLimit("workspace clearance", guard.clearance, 0.0))
        elif isinstance(guard, CollisionLimit):
            found.append(ClearanceLimit("distance", guard.distance, guard.stop_m))
    return found
