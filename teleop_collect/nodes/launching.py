"""A rig's process graph as actions of `ros2 launch`; the launch files hold only their arguments.

Without ROS's launch, `teleop-collect up` runs the same graph.
"""

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from launch import Action, LaunchContext
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    LogInfo,
    OpaqueFunction,
    SetEnvironmentVariable,
    Shutdown,
)
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import ExecutableInPackage

from teleop_collect.errors import ConfigError, DeviceError
from teleop_collect.process import DIE_WITH_PARENT
from teleop_collect.rig.domain import claim_domain, environment_domain
from teleop_collect.rig.load import LoadedRig, load_rig
from teleop_collect.rig.processes import Process, Role, process_environment, processes_of
from teleop_collect.rig.rehearsal import emulated_rig
from teleop_collect.rig.runtime import runtime_dir

PACKAGE = "teleop_collect"
CLOSE_TIMEOUT_S = "8"
"""After SIGINT: as long as a recorder may need to close an episode. Then SIGTERM."""
TERMINATE_TIMEOUT_S = "3"
"""After SIGTERM. Then SIGKILL."""

Argument = tuple[str, str, str]
"""Name, default and description of a launch argument."""

NAMESPACE: Argument = ("namespace", "", "ROS namespace of all nodes")
RIG_ARGUMENTS: tuple[Argument, ...] = (
    ("rig", "sim_tabletop", "shipped rig, or path of a rig file"),
    ("emulate", "false", "true: rehearse without hardware, as `teleop-collect up --emulate` does"),
    NAMESPACE,
)
RECORDER_ARGUMENTS: tuple[Argument, ...] = (
    ("root", "", "folder for episodes; the rig file's when empty"),
    ("task", "", "task of the first episode; the rig's first when empty"),
    ("instruction", "", "instruction given to the operator; the task's when empty"),
    ("operator", "", "pseudonym of the operator; the rig file's when empty"),
    ("scene", "", "scene; the rig file's when empty"),
    ("check_override", "", "'NAME: REASON' to record without a passed rig check"),
)

REPLAY_ARGUMENTS: tuple[Argument, ...] = (
    ("root", "~/teleop_collect", "where an episode's id is looked up"),
    ("topics", "", "comma-separated topics; all when empty"),
    ("rate", "1.0", "speed; 2.0 is twice as fast"),
    ("loop", "false", "true: start again at the end"),
)
REPLAY_TYPES = {"episode": str, "root": str, "topics": str, "rate": float, "loop": bool}


def declared(arguments: tuple[Argument, ...]) -> list[Action]:
    """Launch arguments as `ros2 launch --show-args` lists them."""
    return [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, default, description in arguments
    ]


def rig_graph(roles: frozenset[Role], recorder: tuple[Argument, ...] = ()) -> list[Action]:
    """Arguments and processes of a rig, or of a part of it.

    Args:
        roles: which part of the graph, see `rig.processes`.
        recorder: arguments that are handed to the recorder under the same names.
    """

    def start(context: LaunchContext) -> list[Action]:
        values = context.launch_configurations
        given = {name: values[name] for name, *_ in recorder if values[name]}
        root = {name: given[name] for name in ("root",) if name in given}
        parameters = {"recorder": given, "rig_check": root, "episode_qa": root}
        loaded = _loaded(values["rig"], values["emulate"])
        _hold_domain(values["namespace"])
        return list(_rig_actions(loaded, values["namespace"], roles, parameters))

    return [*declared(RIG_ARGUMENTS + recorder), OpaqueFunction(function=start)]


def replay_graph() -> list[Action]:
    """Arguments and the one process of a replay; the launch ends with it."""
    parameters = {
        name: ParameterValue(LaunchConfiguration(name), value_type=kind)
        for name, kind in REPLAY_TYPES.items()
    }
    return [
        DeclareLaunchArgument("episode", description="folder, MCAP file or id of an episode"),
        *declared((*REPLAY_ARGUMENTS, NAMESPACE)),
        *environment_actions(),
        Node(
            package=PACKAGE,
            executable="replay",
            namespace=LaunchConfiguration("namespace"),
            parameters=[parameters],
            **_process_options("replay", critical=True),
        ),
    ]


def environment_actions() -> Iterator[Action]:
    """What every process gets: discovery on this machine, DDS profile, end with the launcher."""
    for name, value in {**process_environment(), DIE_WITH_PARENT: str(os.getpid())}.items():
        yield SetEnvironmentVariable(name, value)


_held: dict[tuple[int, str], socket.socket] = {}


def _hold_domain(namespace: str) -> None:
    """Keep other rigs off this domain until the launch has ended, as `up` does.

    Raises:
        BusyError: another rig of this machine runs on it.
    """
    place = (environment_domain(), namespace)
    if place not in _held:
        _held[place] = claim_domain(*place)


def _loaded(rig: str, emulate: str) -> LoadedRig:
    loaded = load_rig(rig)
    if emulate not in ("true", "false"):
        raise ConfigError(f"emulate is {emulate!r}; it must be true or false")
    return emulated_rig(loaded, runtime_dir()) if emulate == "true" else loaded


def _rig_actions(
    loaded: LoadedRig,
    namespace: str,
    roles: frozenset[Role],
    parameters: Mapping[str, Mapping[str, str]],
) -> Iterator[Action]:
    yield LogInfo(msg=f"rig {loaded.rig.name} from {loaded.path}")
    yield from environment_actions()
    for process in processes_of(loaded, roles):
        yield process_action(process, namespace, parameters.get(process.name, {}))


def process_action(process: Process, namespace: str, parameters: Mapping[str, str]) -> Action:
    """Starts one process of the graph; what happens at its end depends on `process.critical`."""
    arguments = {**process.arguments, **parameters}
    options = _process_options(process.name, process.critical)
    if process.plain:
        executable = ExecutableInPackage(executable=process.executable, package=PACKAGE)
        return ExecuteProcess(cmd=[executable, *process.options(arguments)], **options)
    # As text, also where the value looks like a number or a mapping ("NAME: REASON").
    texts = {key: ParameterValue(value, value_type=str) for key, value in arguments.items()}
    return Node(
        package=PACKAGE,
        executable=process.executable,
        namespace=namespace,
        parameters=[texts],
        **options,
    )


def _process_options(name: str, critical: bool) -> dict[str, Any]:
    return {
        "name": name,
        "output": "screen",
        "emulate_tty": True,
        "sigterm_timeout": CLOSE_TIMEOUT_S,
        "sigkill_timeout": TERMINATE_TIMEOUT_S,
        "on_exit": when_ended(name) if critical else None,
    }


def when_ended(name: str) -> Callable[[ProcessExited, LaunchContext], list[Action] | None]:
    """What to do when a critical process ends by itself: stop the launch, failing if it failed."""

    def on_exit(event: ProcessExited, context: LaunchContext) -> list[Action] | None:
        if context.is_shutdown:
            return None
        if event.returncode != 0:
            raise DeviceError(f"{name} ended with exit code {event.returncode}; stopping")
        return [Shutdown(reason=f"{name} ended")]

    return on_exit
