"""What a rig needs of this machine before one of its processes is worth starting.

A process that finds out for itself can only end, and takes the others with it.
"""

import importlib.util
from collections.abc import Iterable, Iterator, Mapping

from teleop_collect.devices.dynamixel.exclusive import DeviceLock
from teleop_collect.errors import DeviceDisconnected, MissingExtraError
from teleop_collect.rig.config import DynamixelFollower, DynamixelLeader, Rig, SpaceMouseLeader
from teleop_collect.rig.pinocchio_library import import_pinocchio
from teleop_collect.rig.processes import Process
from teleop_collect.rig.runtime import SIM_SCHEME


def require_libraries(libraries: Mapping[str, str]) -> None:
    """Refuse what misses a library.

    Args:
        libraries: the extra of this package by import name.

    Raises:
        MissingExtraError: one is not installed.
        MissingSystemLibraryError: pinocchio's is not.
    """
    for library, extra in libraries.items():
        if not _is_installed(library):
            raise MissingExtraError(library, extra)
    if "pinocchio" in libraries:
        import_pinocchio(libraries["pinocchio"])


def libraries_of(rig: Rig) -> dict[str, str]:
    """The libraries that a rig's processes import, each with the extra that installs it."""
    found = {"rclpy": "ros"}
    if rig.sim is not None:
        found |= {"mujoco": "sim", "pinocchio": "sim"}
    if any(True for _ in _buses(rig)):
        found["dynamixel_sdk"] = "dynamixel"
    if any(isinstance(arm.leader, SpaceMouseLeader) for arm in rig.arms.values()):
        found |= {"pyspacemouse": "spacemouse", "pinocchio": "spacemouse"}
    if any(camera.driver == "realsense" for camera in rig.cameras.values()):
        found["pyrealsense2"] = "realsense"
    return found


def require_free_ports(rig: Rig, processes: Iterable[Process]) -> None:
    """Refuse a rig of which another program drives an arm.

    A port that is not there is no reason: its driver waits for it to be plugged in.

    Raises:
        BusyError: which port, and which process has it.
    """
    drivers = {process.name for process in processes}
    for device in _buses(rig):
        driver = "leader_arm" if isinstance(device, DynamixelLeader) else "follower_arm"
        if driver not in drivers or device.port.startswith(SIM_SCHEME):
            continue
        try:
            DeviceLock(device.port).release()
        except DeviceDisconnected:
            continue


def _buses(rig: Rig) -> Iterator[DynamixelLeader | DynamixelFollower]:
    for arm in rig.arms.values():
        for device in (arm.leader, arm.follower):
            if isinstance(device, DynamixelLeader | DynamixelFollower):
                yield device


def _is_installed(library: str) -> bool:
    try:
        return importlib.util.find_spec(library) is not None
    except ValueError:  # its entry in sys.modules says that it is not
        return False
