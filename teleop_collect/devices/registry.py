"""Which class drives what: driver names of the rig file to classes, imported only when used."""

import difflib
import importlib
from collections.abc import Callable, Mapping
from enum import Enum
from typing import cast

from teleop_collect.clock import Clock
from teleop_collect.devices.protocols import FollowerArm, LeaderArm, TwistSource
from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import DynamixelFollower, DynamixelLeader, SpaceMouseLeader
from teleop_collect.rig.description import JointBounds
from teleop_collect.rig.runtime import device_path


class DeviceKind(Enum):
    """What a driver drives."""

    LEADER = "leader"
    FOLLOWER = "follower"
    CAMERA = "camera"
    TWIST_SOURCE = "twist source"


DRIVERS: dict[DeviceKind, dict[str, str]] = {
    DeviceKind.LEADER: {"dynamixel": "teleop_collect.devices.dynamixel.leader:DynamixelLeader"},
    DeviceKind.FOLLOWER: {
        "dynamixel": "teleop_collect.devices.dynamixel.follower:DynamixelFollower"
    },
    DeviceKind.CAMERA: {
        "sim": "teleop_collect.devices.sim.camera:SimCameras",
        "realsense": "teleop_collect.devices.realsense.camera:RealSenseCamera",
    },
    DeviceKind.TWIST_SOURCE: {"spacemouse": "teleop_collect.devices.spacemouse.driver:SpaceMouse"},
}
"""`module:class` by driver name, by kind."""


def driver_class(kind: DeviceKind, name: str) -> type:
    """Import and return the class of a driver.

    Raises:
        ConfigError: no driver of that kind has the name; the message lists the nearest.
    """
    drivers = DRIVERS[kind]
    if name not in drivers:
        near = difflib.get_close_matches(name, drivers, n=3, cutoff=0.4) or sorted(drivers)
        raise ConfigError(
            f"{kind.value} driver {name!r} is not known; did you mean {' or '.join(near)}?"
        )
    module_name, _, class_name = drivers[name].partition(":")
    return cast(type, getattr(importlib.import_module(module_name), class_name))


def create_leader(config: DynamixelLeader, clock: Clock) -> LeaderArm:
    """The leader arm of a rig file, not yet connected.

    Raises:
        ConfigError: unknown driver, or the driver refuses the configuration.
        MissingExtraError: the driver's library is not installed.
    """
    create = cast(
        Callable[[DynamixelLeader, str, Clock], LeaderArm],
        driver_class(DeviceKind.LEADER, config.driver),
    )
    return create(config, str(device_path(config.port)), clock)


def create_follower(
    config: DynamixelFollower, clock: Clock, bounds: Mapping[str, JointBounds]
) -> FollowerArm:
    """The follower arm of a rig file, not yet connected.

    Args:
        config: the follower of the rig file.
        clock: source of stamps.
        bounds: where the rig lets each joint go; the servos' own limits must not be wider.

    Raises:
        ConfigError: unknown driver, or the driver refuses the configuration.
        MissingExtraError: the driver's library is not installed.
    """
    create = cast(
        Callable[[DynamixelFollower, str, Clock, Mapping[str, JointBounds]], FollowerArm],
        driver_class(DeviceKind.FOLLOWER, config.driver),
    )
    return create(config, str(device_path(config.port)), clock, bounds)


def create_twist_source(config: SpaceMouseLeader, clock: Clock, frame_id: str) -> TwistSource:
    """The twist source of a rig file, not yet connected.

    Args:
        config: the leader of the rig file.
        clock: source of stamps.
        frame_id: frame that its samples state.

    Raises:
        ConfigError: unknown driver, or the driver refuses the configuration.
        MissingExtraError: the driver's library is not installed.
    """
    create = cast(
        Callable[[SpaceMouseLeader, Clock, str], TwistSource],
        driver_class(DeviceKind.TWIST_SOURCE, config.driver),
    )
    return create(config, clock, frame_id)
