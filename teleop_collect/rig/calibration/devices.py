"""Names and serial numbers of what can be calibrated, as in a manifest's `robot_serials`."""

from collections.abc import Mapping

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Arm, Camera, Rig


def device_name(rig: Rig, arm: str, part: str) -> str:
    """Name of an arm's part; the arm's name stands in front on a rig with several arms.

    Args:
        rig: the rig.
        arm: name of the arm.
        part: `leader`, `follower` or `wrench`.
    """
    return f"{arm}/{part}" if len(rig.arms) > 1 else part


def camera_device(name: str) -> str:
    """Name of a camera as a device."""
    return f"cameras/{name}"


def serials_of(rig: Rig) -> Mapping[str, str]:
    """Serial number of every device; empty where the rig file states none."""
    serials: dict[str, str] = {}
    for name, arm in rig.arms.items():
        serials[device_name(rig, name, "leader")] = arm.leader.serial
        serials[device_name(rig, name, "follower")] = arm.follower.serial
        if arm.wrench is not None:
            serials[device_name(rig, name, "wrench")] = arm.wrench.serial
    return serials | {camera_device(name): c.serial for name, c in rig.cameras.items()}


def chosen_arm(rig: Rig, name: str | None) -> tuple[str, Arm]:
    """The arm of that name; the only one when None.

    Raises:
        ConfigError: no such arm, or there are several and none was named.
    """
    if name is None and len(rig.arms) == 1:
        return next(iter(rig.arms.items()))
    if name is None or name not in rig.arms:
        said = "names several arms" if name is None else f"has no arm '{name}'"
        raise ConfigError(f"rig {rig.name} {said}; choose with --arm: {', '.join(rig.arms)}")
    return name, rig.arms[name]


def chosen_camera(rig: Rig, name: str | None) -> tuple[str, Camera]:
    """The camera of that name; the only one when None.

    Raises:
        ConfigError: no such camera, or there are several and none was named.
    """
    if name is None and len(rig.cameras) == 1:
        return next(iter(rig.cameras.items()))
    if name is None or name not in rig.cameras:
        said = f"has {len(rig.cameras)} cameras" if name is None else f"has no camera '{name}'"
        known = ", ".join(rig.cameras) or "none"
        raise ConfigError(f"rig {rig.name} {said}; choose with --camera: {known}")
    return name, rig.cameras[name]
