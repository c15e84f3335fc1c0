"""Runs ROS 2's own command-line tools for the tests, and leaves none of their processes behind.

Everything that is started carries a mark in its environment, which its children inherit; so
whatever is left of it is found, in whichever session or process group it runs.
"""

import os
import re
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

MARK = "TELEOP_COLLECT_CONFORMANCE"
PACKAGE = "teleop_collect"
TRIGGER = "std_srvs/srv/Trigger"
SERVICE_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
ANSWER = re.compile(r"_Response\(success=(True|False), message=(['\"])(.*)\2\)", re.DOTALL)


def tool(*arguments: str, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    """Run one command to its end; the output holds both streams."""
    return subprocess.run(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def wait_for(condition: Callable[[], object], timeout_s: float, what: str) -> None:
    """Poll until `condition()` holds; fails the test with `what` when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s:g} s for {what}"
        time.sleep(0.05)


@dataclass(frozen=True)
class Answer:
    """What a std_srvs service answered."""

    success: bool
    message: str


class Running:
    """A command in a session of its own, its output in a file.

    Args:
        log: where its output goes.
        command: what to run.
    """

    def __init__(self, log: Path, *command: str) -> None:
        # A background job of a shell ignores SIGINT, and so would all that it starts.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._mark = f"{MARK}={uuid.uuid4()}"
        name, _, value = self._mark.partition("=")
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                env={**os.environ, name: value},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        """Everything printed so far."""
        return self._log.read_text(errors="replace")

    def call(self, name: str, kind: str = TRIGGER, request: str = "{}") -> Answer:
        """`ros2 service call`, which waits for the service itself, while this command runs."""
        calling = subprocess.Popen(
            ("ros2", "service", "call", name, kind, request),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            wait_for(
                lambda: calling.poll() is not None or self.process.poll() is not None,
                SERVICE_TIMEOUT_S,
                f"an answer from {name}",
            )
        finally:
            calling.kill()
            output, _ = calling.communicate()
            found = ANSWER.search(output)
            assert found is not None, f"no answer from {name}: {output}\n{self.output}"
        return Answer(found[1] == "True", found[3])

    def to_leader(self, number: signal.Signals) -> None:
        """Signal only the command itself."""
        self.process.send_signal(number)

    def to_group(self, number: signal.Signals) -> None:
        """Signal its whole process group, as a terminal does."""
        os.killpg(self.process.pid, number)

    def ended(self) -> int:
        """Wait for its end; the exit status."""
        return self.process.wait(STOP_TIMEOUT_S)

    def left(self) -> dict[int, str]:
        """Processes that it started and that still run, with their command lines."""
        mark = self._mark.encode()
        return {pid: words for pid, words in _processes_with(mark) if pid != os.getpid()}

    def kill(self) -> None:
        """End whatever is left."""
        for pid in self.left():
            os.kill(pid, signal.SIGKILL)
        self.process.wait()


def _processes_with(mark: bytes) -> Iterator[tuple[int, str]]:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                yield int(folder.name), words
        except OSError:  # it has just ended
            continue
