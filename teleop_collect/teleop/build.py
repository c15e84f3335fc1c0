"""The chains that a rig file describes."""

from typing import cast

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Arm, JointDeadman, Ros2ControlFollower, Teleop
from teleop_collect.rig.description import RobotDescription, effective_limits, resolve_urdf
from teleop_collect.rig.load import LoadedRig
from teleop_collect.teleop.bounds import JointType
from teleop_collect.teleop.chain import TeleopChain
from teleop_collect.teleop.deadman import DeadmanWatch
from teleop_collect.teleop.group import TeleopGroup
from teleop_collect.teleop.guards import arm_guards, servo_guards


def build_group(loaded: LoadedRig) -> TeleopGroup:
    """One chain for each arm of the rig.

    Raises:
        ConfigError: an arm's robot description, limits or mapping do not fit together.
        MissingExtraError: pinocchio, which workspace, collision and Cartesian modes need, is not
            installed.
    """
    chains = {}
    for name, arm in loaded.rig.arms.items():
        description = RobotDescription.from_urdf(resolve_urdf(arm.urdf, loaded.path))
        try:
            chains[name] = build_chain(name, arm, description, loaded.rig.teleop)
        except ConfigError as error:
            raise ConfigError(f"{loaded.path}: arms.{name}: {error}") from None
    return TeleopGroup(chains)


def build_chain(name: str, arm: Arm, description: RobotDescription, teleop: Teleop) -> TeleopChain:
    """The chain of one arm.

    Raises:
        ConfigError: see `TeleopChain` and `arm_guards`.
        MissingExtraError: see `build_group`.
    """
    bounds = effective_limits(arm, description)
    types = {joint: cast(JointType, description.joints[joint].type) for joint in arm.joints}
    behind_servo = isinstance(arm.follower, Ros2ControlFollower) and arm.follower.servo is not None
    guards, off = (servo_guards if behind_servo else arm_guards)(arm, description, teleop)
    if behind_servo:
        # The robot goes where Servo sends it, which this chain's own commands do not say.
        off_too = {*teleop.limits_off, "tracking"}
        teleop = teleop.model_copy(update={"limits_off": tuple(sorted(off_too))})
    return TeleopChain(
        name,
        arm.joints,
        types,
        bounds,
        arm.mapping,
        teleop,
        leader_joints=arm.joints if arm.is_cartesian else arm.leader_joints,
        guards=guards,
        deadman=deadman_watch(arm, teleop),
        leader_knows_velocity=arm.is_cartesian,
        limits_off=off,
    )


def deadman_watch(arm: Arm, teleop: Teleop) -> DeadmanWatch | None:
    """What must be held while the arm moves; None on an arm without."""
    deadman = arm.deadman
    if deadman is None:
        return None
    if isinstance(deadman, JointDeadman):
        what = f"leader joint {deadman.joint}"
    else:
        what = f"button {deadman.button} of {deadman.topic}"
    return DeadmanWatch(what, teleop.watchdog)
