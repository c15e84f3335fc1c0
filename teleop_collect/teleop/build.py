"""The chains that a rig file describes."""

from typing import cast

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Arm, Teleop
from teleop_collect.rig.description import RobotDescription, effective_limits, resolve_urdf
from teleop_collect.rig.load import LoadedRig
from teleop_collect.teleop.bounds import JointType
from teleop_collect.teleop.chain import TeleopChain
from teleop_collect.teleop.group import TeleopGroup


def build_group(loaded: LoadedRig) -> TeleopGroup:
    """One chain for each arm of the rig.

    Raises:
        ConfigError: an arm's robot description, limits or mapping do not fit together.
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
        ConfigError: see `TeleopChain`.
    """
    bounds = effective_limits(arm, description)
    types = {joint: cast(JointType, description.joints[joint].type) for joint in arm.joints}
    return TeleopChain(
        name,
        arm.joints,
        types,
        bounds,
        arm.mapping,
        teleop,
        leader_joints=arm.leader_joints,
    )
