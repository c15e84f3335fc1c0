"""ROS's `launch` and `launch_ros` as plain records, since neither is on any package registry.

Each action keeps what it was given; parameter names are those of the real classes, so a misspelt
one fails here as it would there.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest


@dataclass
class Action:
    """Common to all actions."""


@dataclass
class LaunchContext:
    launch_configurations: dict[str, str] = field(default_factory=dict)
    is_shutdown: bool = False


@dataclass
class LaunchDescription:
    entities: list[Action]


@dataclass
class DeclareLaunchArgument(Action):
    name: str
    default_value: str | None = None
    description: str | None = None


@dataclass
class SetEnvironmentVariable(Action):
    name: str
    value: str


@dataclass
class LogInfo(Action):
    msg: str


@dataclass
class Shutdown(Action):
    reason: str = "reason not given"


@dataclass
class OpaqueFunction(Action):
    function: Callable[[LaunchContext], list[Action]]


@dataclass
class LaunchConfiguration:
    variable_name: str


@dataclass(kw_only=True)
class ExecuteProcess(Action):
    cmd: list[Any] = field(default_factory=list)
    name: str
    output: str
    emulate_tty: bool
    sigterm_timeout: str
    sigkill_timeout: str
    on_exit: Callable[[Any, LaunchContext], list[Action] | None] | None = None


@dataclass(kw_only=True)
class Node(ExecuteProcess):
    package: str
    executable: str
    namespace: Any
    parameters: list[dict[str, Any]]


@dataclass
class ParameterValue:
    value: Any
    value_type: type


@dataclass
class ExecutableInPackage:
    executable: str
    package: str


@dataclass
class ProcessExited:
    returncode: int


USER = "teleop_collect.nodes.launching"
"""Imported afresh with the records, and not left behind with them."""

MODULES: dict[str, tuple[type, ...]] = {
    "launch": (Action, LaunchContext, LaunchDescription),
    "launch.actions": (
        DeclareLaunchArgument,
        ExecuteProcess,
        LogInfo,
        OpaqueFunction,
        SetEnvironmentVariable,
        Shutdown,
    ),
    "launch.events": (),
    "launch.events.process": (ProcessExited,),
    "launch.substitutions": (LaunchConfiguration,),
    "launch_ros": (),
    "launch_ros.actions": (Node,),
    "launch_ros.parameter_descriptions": (ParameterValue,),
    "launch_ros.substitutions": (ExecutableInPackage,),
}


@contextmanager
def installed() -> Iterator[None]:
    """Let `import launch` and `import launch_ros` find the records inside the context."""
    with pytest.MonkeyPatch.context() as patch:
        for name, members in MODULES.items():
            module = ModuleType(name)
            for member in members:
                setattr(module, member.__name__, member)
            patch.setitem(sys.modules, name, module)
        sys.modules.pop(USER, None)
        yield
    sys.modules.pop(USER, None)
