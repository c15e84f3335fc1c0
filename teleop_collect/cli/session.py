"""A rig's graph running below this command: domain, environment, processes, client.

Leaving the context stops everything, and neither a second Ctrl-C nor SIGTERM cuts that short. Logs
stay in `<root>/logs/<time>`.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from teleop_collect import topics
from teleop_collect.cli.check_answers import parsed_report
from teleop_collect.cli.domain import claim_free_domain
from teleop_collect.cli.requirements import libraries_of, require_free_ports, require_libraries
from teleop_collect.cli.supervisor import Supervisor
from teleop_collect.errors import CheckFailed, DeviceError, MissingExtraError
from teleop_collect.process import interrupted_once
from teleop_collect.rig.domain import claim_domain, environment_domain
from teleop_collect.rig.load import LoadedRig
from teleop_collect.rig.processes import Process, process_environment, processes_of
from teleop_collect.rig.runtime import RUNTIME_VARIABLE

if TYPE_CHECKING:
    from teleop_collect.nodes.rig_client import RigClient

START_TIMEOUT_S = 60.0
PROBE_BYTES = 4096
CHECK_TIMEOUT_S = 120.0
"""For the whole check of two simulated arms that move one after the other, on a busy machine."""
WRITERS = ("recorder", "rig_check", "episode_qa")
"""Processes that need to know the recording root."""


def connect_client(objects: tuple[str, ...] = ()) -> "RigClient":
    """A client on this process's domain, with the discovery range and DDS profile of a rig.

    Raises:
        MissingExtraError: rclpy is not installed.
    """
    os.environ.update(process_environment())
    try:
        from teleop_collect.nodes.rig_client import RigClient
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "rclpy", "ros") from error
    return RigClient(objects)


def usable_root(text: str) -> Path:
    """The recording root, made if need be.

    Raises:
        DeviceError: it cannot be written.
    """
    root = Path(text).expanduser().absolute()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root, buffering=0) as file:
            file.write(bytes(PROBE_BYTES))  # a full disk still has room for an empty file
    except OSError as error:
        raise DeviceError(
            f"cannot write recordings to {root}: {error.strerror}; choose another with --root"
        ) from error
    return root


@dataclass(frozen=True)
class SessionOptions:
    """How to run a rig.

    Attributes:
        root: where episodes and logs go.
        own_domain: take any free ROS domain instead of ROS_DOMAIN_ID.
        parameters: further ROS parameters by process name.
        echo: called with each output line of the processes; None for logs only.
        start: starts a command; takes and returns what `subprocess.Popen` does.
    """

    root: Path
    own_domain: bool = False
    parameters: Mapping[str, Mapping[str, object]] | None = None
    echo: Callable[[str], None] | None = None
    start: Callable[..., Any] = subprocess.Popen


class RigSession:
    """Runs processes of a rig while the context lasts."""

    def __init__(
        self,
        loaded: LoadedRig,
        options: SessionOptions,
        processes: Sequence[Process] | None = None,
    ) -> None:
        self._loaded = loaded
        self._options = options
        self._processes = processes_of(loaded) if processes is None else processes
        self._stack = ExitStack()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        self.log_dir = options.root / "logs" / stamp
        self.domain = -1
        self.supervisor: Supervisor

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._enter(stack)
            self._stack = stack.pop_all()
        return self

    def _enter(self, stack: ExitStack) -> None:
        stack.enter_context(interrupted_once())
        require_libraries(libraries_of(self._loaded.rig))
        require_free_ports(self._loaded.rig, self._processes)
        if self._options.own_domain:
            self.domain, lock = claim_free_domain()
            runtime = stack.enter_context(tempfile.TemporaryDirectory(prefix="teleop_collect-"))
            self._set_environment(stack, {RUNTIME_VARIABLE: runtime})
        else:
            self.domain = environment_domain()
            lock = claim_domain(self.domain)
        stack.enter_context(lock)
        self._set_environment(stack, {"ROS_DOMAIN_ID": str(self.domain), **process_environment()})
        self.supervisor = stack.enter_context(Supervisor(self.log_dir, {}, self._options.start))
        self.start(self._processes)

    def start(self, processes: Sequence[Process]) -> None:
        """Start further processes of the rig with the session's options."""
        root = {"root": str(self._options.root)}
        given = self._options.parameters or {}
        parameters = {**given, **{n: {**given.get(n, {}), **root} for n in WRITERS}}
        self.supervisor.start(processes, parameters, self._options.echo)

    @staticmethod
    def _set_environment(stack: ExitStack, values: Mapping[str, str]) -> None:
        before = {key: os.environ.get(key) for key in values}

        def restore() -> None:
            for key, value in before.items():
                if value is None:
                    os.environ.pop(key, None)
                else:
                    os.environ[key] = value

        os.environ.update(values)
        stack.callback(restore)

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def check_alive(self, also: str | None = None) -> None:
        """Raise with its last words when a critical process has ended.

        Args:
            also: name of a further process that must run.

        Raises:
            DeviceError: one has ended.
        """
        child = self.supervisor.ended(also)
        if child is not None:
            words = child.last_words() or "it said nothing"
            raise DeviceError(
                f"{child.process.name} ended with exit code {child.handle.returncode}, the rig is "
                f"stopped: {words}\n(log: {child.log.trouble or child.log.path})"
            )

    def wait_ready(self, client: "RigClient", service: str) -> None:
        """Wait until `service` is up while every critical process lives."""

        def ready() -> bool:
            self.check_alive()
            return client.is_up(service)

        client.wait_until(ready, START_TIMEOUT_S, f"service {service} (logs: {self.log_dir})")


def run_rig_check(
    client: "RigClient", timeout_s: float = CHECK_TIMEOUT_S, attempts: int = 1
) -> dict[str, Any]:
    """Check a running graph before a session and return the report as JSON data.

    The quick check does, where a whole one of this rig is still valid; else the whole one runs.

    Args:
        client: on the graph's domain.
        timeout_s: for each attempt.
        attempts: how often to look again when it does not pass.

    Raises:
        CheckFailed: it did not pass; the message names every failed check.
    """
    for attempt in range(attempts):
        service = topics.RIG_CHECK_RUN if attempt else topics.RIG_CHECK_QUICK
        answer = client.trigger(service, timeout_s)
        report = parsed_report(answer)
        if answer.success:
            return report
    failed = [r for r in report["results"] if not r["passed"] and r["severity"] == "error"]
    lines = [f"  {r['check']}: {r['message']}; {r['todo']}" for r in failed]
    raise CheckFailed(
        f"the rig check did not pass (looked {attempts} times):\n"
        + "\n".join(lines or [f"  {report.get('gate')}"])
    )
