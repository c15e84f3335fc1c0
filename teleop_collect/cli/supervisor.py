"""Runs a rig's process graph without `ros2 launch`: starts, watches, logs and stops it.

Each process gets a session of its own, so a Ctrl-C on the terminal reaches only the supervisor,
which then stops the processes in reverse order: SIGINT, then SIGTERM, then SIGKILL.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from teleop_collect.cli.child import Child
from teleop_collect.process import DIE_WITH_PARENT
from teleop_collect.rig.processes import Process

STOP_STEPS = ((signal.SIGINT, 8.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 2.0))
"""Signals of a stop and how long (s) each is given; closing a long episode takes the first."""


def command_line(process: Process, parameters: Mapping[str, object]) -> list[str]:
    """The command that runs a process of the graph with this interpreter."""
    arguments = {**process.arguments, **parameters}
    command = [sys.executable, "-m", process.module]
    if process.plain:
        return command + process.options(arguments)
    ros = [part for key, v in arguments.items() for part in ("-p", f"{key}:={v}")]
    return [*command, "--ros-args", "-r", f"__node:={process.name}", *ros]


class Supervisor:
    """All processes of one rig; a context manager that leaves nothing running.

    Args:
        log_dir: one file for each process.
        environment: added to this process's own.
        start: starts a command; takes and returns what `subprocess.Popen` does.
    """

    def __init__(
        self,
        log_dir: Path,
        environment: Mapping[str, str],
        start: Callable[..., Any] = subprocess.Popen,
    ) -> None:
        self._log_dir = log_dir
        self._start = start
        self._environment = {**os.environ, **environment, DIE_WITH_PARENT: str(os.getpid())}
        self.children: dict[str, Child] = {}

    def start(
        self,
        processes: Sequence[Process],
        parameters: Mapping[str, Mapping[str, object]],
        echo: Callable[[str], None] | None = None,
    ) -> None:
        """Start processes in order.

        Args:
            processes: from `rig.processes`.
            parameters: further parameters by process name.
            echo: called with each output line; None keeps output in the logs only.
        """
        self._log_dir.mkdir(parents=True, exist_ok=True)
        for process in processes:
            command = command_line(process, parameters.get(process.name, {}))
            log_path = self._log_dir / f"{process.name}.log"
            self.children[process.name] = Child(
                process, command, self._environment, log_path, echo, self._start
            )

    def ended(self, also: str | None = None) -> Child | None:
        """A critical process, or that called `also`, that has ended by itself, if any."""
        for name, child in self.children.items():
            if (child.process.critical or name == also) and child.handle.poll() is not None:
                return child
        return None

    def stop(self) -> None:
        """Stop everything, last started first; safe to call twice."""
        for number, patience_s in STOP_STEPS:
            running = [c for c in self.children.values() if c.handle.poll() is None]
            for child in reversed(running):
                child.signal(number)
            deadline = time.monotonic() + patience_s
            while running and time.monotonic() < deadline:
                running = [c for c in running if c.handle.poll() is None]
                time.sleep(0.02)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
