"""The processes of a rig in start order: one graph for launch files, `up` and the demo.

Control (leader, teleop, the simulated follower) never shares a process with cameras or recording.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import DynamixelFollower, DynamixelLeader, Rig, SpaceMouseLeader
from teleop_collect.rig.load import LoadedRig
from teleop_collect.rig.runtime import SIM_SCHEME
from teleop_collect.rig.share import share_dir

SHM_DIR = Path("/dev/shm")  # noqa: S108 - where Linux keeps shared memory; nothing is written here


class Role(Enum):
    """What a process is there for."""

    DEVICE = "device"
    CAMERA = "camera"
    TELEOP = "teleop"
    CHECK = "check"
    RECORD = "record"
    OPERATOR = "operator"


COLLECT_ROLES = frozenset(Role)
TELEOP_ROLES = frozenset({Role.DEVICE, Role.CAMERA, Role.TELEOP, Role.CHECK})
"""With cameras, because the rig check that opens the gate looks at the whole rig."""
CHECK_ROLES = frozenset({Role.DEVICE, Role.CAMERA, Role.CHECK})


@dataclass(frozen=True)
class Process:
    """One process of the graph.

    Attributes:
        name: unique in the graph.
        role: what it is there for.
        executable: name for `ros2 run teleop_collect`.
        module: Python module that `python -m` runs.
        arguments: ROS parameters; command-line options (`--name value`, `--name` alone where the
            value is empty) when `plain`.
        plain: no ROS node.
        critical: the graph stops when it ends.
        control: part of the control path, to be ranked above the others.
    """

    name: str
    role: Role
    executable: str
    module: str
    arguments: Mapping[str, str]
    plain: bool = False
    critical: bool = True
    control: bool = False

    def options(self, arguments: Mapping[str, object]) -> list[str]:
        """The command-line options of a `plain` process.

        Args:
            arguments: `Process.arguments` and whatever is added to them.
        """
        texts = {f"--{key}": str(value) for key, value in arguments.items()}
        return [part for pair in texts.items() for part in pair if part]


def processes_of(loaded: LoadedRig, roles: frozenset[Role] = COLLECT_ROLES) -> tuple[Process, ...]:
    """The processes of a rig in start order.

    Args:
        loaded: the rig.
        roles: which part of the graph: `COLLECT_ROLES` (all), `TELEOP_ROLES`, `CHECK_ROLES`.
    """
    return tuple(p for p in _graph(loaded.rig, str(loaded.path)) if p.role in roles)


def _graph(rig: Rig, path: str) -> Iterator[Process]:
    def node(name: str, role: Role, critical: bool = True, control: bool = False) -> Process:
        module = f"teleop_collect.nodes.{name}"
        arguments = {"rig": path}
        return Process(name, role, name, module, arguments, critical=critical, control=control)

    yield from _emulators(rig, path)
    yield from _mouse_emulators(rig, path)
    followers = {arm.follower.driver for arm in rig.arms.values()}
    leaders = {arm.leader.driver for arm in rig.arms.values()}
    if "sim" in followers:
        yield node("sim_rig", Role.DEVICE, control=True)
    if "dynamixel" in followers:
        yield node("follower_arm", Role.DEVICE, control=True)
    yield from _cameras(rig, path)
    if "dynamixel" in leaders:
        yield node("leader_arm", Role.DEVICE, control=True)
    if "spacemouse" in leaders:
        yield node("spacemouse", Role.DEVICE, control=True)
    yield node("teleop", Role.TELEOP, control=True)
    yield node("rig_check", Role.CHECK)
    yield node("recorder", Role.RECORD)
    yield node("episode_qa", Role.RECORD, critical=False)
    if rig.sim is not None and emulated_leaders(rig):
        yield node("sim_operator", Role.OPERATOR, critical=False)


def emulated_leaders(rig: Rig) -> dict[str, str]:
    """Ports of the leaders on emulated buses, by arm."""
    leaders = {name: arm.leader for name, arm in rig.arms.items()}
    return {n: d.port for n, d in leaders.items() if isinstance(d, DynamixelLeader) and _sim(d)}


def emulated_followers(rig: Rig) -> dict[str, str]:
    """Ports of the followers on emulated buses, by arm."""
    followers = {name: arm.follower for name, arm in rig.arms.items()}
    return {n: d.port for n, d in followers.items() if isinstance(d, DynamixelFollower) and _sim(d)}


def _sim(device: DynamixelLeader | DynamixelFollower) -> bool:
    return device.port.startswith(SIM_SCHEME)


def _emulators(rig: Rig, path: str) -> Iterator[Process]:
    """Each emulated bus is a process of its own, as each real one has a processor of its own."""
    sides: tuple[tuple[str, dict[str, str], dict[str, str]], ...] = (
        ("leader", emulated_leaders(rig), {}),
        ("follower", emulated_followers(rig), {"follower": ""}),
    )
    for side, ports, flags in sides:
        for arm in ports:
            yield Process(
                name=f"{side}_bus_emulator_{arm}",
                role=Role.DEVICE,
                executable="leader_bus_emulator",
                module="teleop_collect.devices.bus_emulator",
                arguments={"rig": path, "arm": arm, **flags},
                plain=True,
                control=True,
            )


def _mouse_emulators(rig: Rig, path: str) -> Iterator[Process]:
    for name, arm in rig.arms.items():
        if isinstance(arm.leader, SpaceMouseLeader) and arm.leader.path.startswith(SIM_SCHEME):
            yield Process(
                name=f"spacemouse_emulator_{name}",
                role=Role.DEVICE,
                executable="spacemouse_emulator",
                module="teleop_collect.devices.spacemouse",
                arguments={"rig": path, "arm": name},
                plain=True,
            )


def _cameras(rig: Rig, path: str) -> Iterator[Process]:
    """One process for all simulated cameras, which share a scene; one for each real camera."""
    module, role = "teleop_collect.nodes.camera", Role.CAMERA
    if any(camera.driver == "sim" for camera in rig.cameras.values()):
        yield Process("camera", role, "camera", module, {"rig": path})
    for name, camera in rig.cameras.items():
        if camera.driver == "realsense":
            arguments = {"rig": path, "camera": name}
            yield Process(f"camera_{name}", role, "camera", module, arguments)


_PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
"""Fast DDS 2 (Jazzy) reads the first, Fast DDS 3 (Kilted) the second."""
_DISCOVERY = "ROS_AUTOMATIC_DISCOVERY_RANGE"

LARGE_SHM_FREE_BYTES = 1 << 30
"""From this much free shared memory on, each process of a graph may take a segment of 64 MiB."""


def dds_profile(shm_free_bytes: int) -> Path:
    """The Fast DDS profile for a machine.

    Every process takes a segment whole when it starts: 70 MB with the large profile, 4.4 MB with
    the small one (measured, Fast DDS 2.14). A process whose segment does not fit logs an error and
    goes on with Fast DDS's built-in transports.

    Args:
        shm_free_bytes: free space in /dev/shm.

    Raises:
        ConfigError: the profile is not installed.
    """
    name = "large_messages" if shm_free_bytes >= LARGE_SHM_FREE_BYTES else "small_shm"
    profile = share_dir() / "config" / "dds" / f"{name}.xml"
    if not profile.is_file():
        raise ConfigError(f"{profile} is missing; install the package again")
    return profile


def shm_free_bytes() -> int:
    """Free space in /dev/shm; 0 where there is none."""
    return shutil.disk_usage(SHM_DIR).free if SHM_DIR.is_dir() else 0


def process_environment(
    environ: Mapping[str, str] | None = None, shm_free: int | None = None
) -> dict[str, str]:
    """Environment variables to add for the processes of a graph; what the user has set stands.

    Args:
        environ: the present environment; that of this process when None.
        shm_free: free shared memory in bytes; measured when None.
    """
    present = os.environ if environ is None else environ
    added: dict[str, str] = {}
    if not any(name in present for name in _PROFILE_VARIABLES):
        profile = dds_profile(shm_free_bytes() if shm_free is None else shm_free)
        added |= {name: str(profile) for name in _PROFILE_VARIABLES}
    if _DISCOVERY not in present:
        added[_DISCOVERY] = "LOCALHOST"
    return added
