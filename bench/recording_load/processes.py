"""Starts publishers and recorders, reads what they use of the machine, stops what it started."""

import fcntl
import itertools
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Self

from teleop_collect import topics
from teleop_collect.cli.domain import claim_free_domain
from teleop_collect.nodes.rig_client import RigClient
from teleop_collect.process import DIE_WITH_PARENT
from teleop_collect.rig.processes import process_environment

BENCH = Path(__file__).resolve().parents[1]
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
SERVICES = (topics.START_EPISODE, topics.STOP_EPISODE, topics.DISCARD_EPISODE)
SHM_DIR = Path("/dev/shm")
_SEGMENT_LOCK = re.compile(r"fastrtps_[0-9a-f]{16}_el")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@contextmanager
def own_domain() -> Iterator[dict[str, str]]:
    """A free ROS domain of this machine with the package's DDS profile, for the processes below.

    Sets the variables in this process too and puts them back.
    """
    domain, lock = claim_free_domain()
    path = os.pathsep.join(filter(None, (str(BENCH), os.environ.get("PYTHONPATH"))))
    added = {
        "ROS_DOMAIN_ID": str(domain),
        "PYTHONPATH": path,
        DIE_WITH_PARENT: str(os.getpid()),
        **process_environment(),
    }
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        yield added
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        lock.close()


class Process:
    """A process of a bench in a session of its own; leaving the context ends it.

    Attributes:
        open: starts a command; takes and returns what `subprocess.Popen` does.
    """

    open: Callable[..., Any] = staticmethod(subprocess.Popen)

    def __init__(self, command: Sequence[str], log: Path, **options: Any) -> None:
        self._log: IO[bytes] = log.open("ab")
        self._final_cpu_s: float | None = None
        self.handle = self.open(
            command, stderr=self._log, start_new_session=True, **({"stdout": self._log} | options)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.handle.poll() is None:
            self.end(signal.SIGTERM)
        for pipe in (self.handle.stdin, self.handle.stdout):
            if pipe is not None:
                pipe.close()
        self._log.close()

    @property
    def cpu_s(self) -> float:
        """Processor time so far, user and system; in all once it has ended."""
        if self._final_cpu_s is not None:
            return self._final_cpu_s
        fields = Path(f"/proc/{self.handle.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    @property
    def rss_bytes(self) -> int:
        """Memory resident now, what is shared with others included."""
        return int(Path(f"/proc/{self.handle.pid}/statm").read_text().split()[1]) * PAGE_BYTES

    @property
    def private_bytes(self) -> int:
        """Memory resident now that is this process's alone (no shared-memory segments)."""
        fields = Path(f"/proc/{self.handle.pid}/statm").read_text().split()
        return (int(fields[1]) - int(fields[2])) * PAGE_BYTES

    def end(self, number: signal.Signals, patience_s: float = 60.0) -> int:
        """Signal it and wait; killed when it does not end in time. Returns its exit code."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        locks = _shared_memory_locks(self.handle.pid)
        self.handle.send_signal(number)
        try:
            self.handle.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.handle.kill()
            self.handle.wait()
        _free_shared_memory(locks)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self._final_cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return self.handle.returncode


def _shared_memory_locks(pid: int) -> list[Path]:
    """Lock files of the DDS segments that a process has made or reads."""
    found = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            target = link.readlink()
            if target.parent == SHM_DIR and _SEGMENT_LOCK.fullmatch(target.name):
                found.append(target)
    return found


def _free_shared_memory(locks: Sequence[Path]) -> None:
    """Remove the segments whose owner has died; a killed process leaves 70 MB each time."""
    for path in locks:
        with suppress(OSError), path.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.with_name(path.name.removesuffix("_el")).unlink(missing_ok=True)
            path.unlink()


class Publisher(Process):
    """The load's publisher.

    Attributes:
        base_ns: when it began, UTC; set by `go`.
    """

    def __init__(self, load: str, log: Path, *options: str) -> None:
        command = [sys.executable, "-m", "recording_load.publisher", load, *options]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        super().__init__(command, log, **pipes)
        self.base_ns = 0
        if "--at-once" in options:
            self._read_base()

    def _line(self) -> str:
        line = self.handle.stdout.readline()
        if not line:
            raise RuntimeError("the publisher ended; see its log")
        return line

    def _read_base(self) -> None:
        self.base_ns = json.loads(self._line())["base_ns"]

    def wait_matched(self) -> None:
        """Until every topic has a reader."""
        self._line()

    def go(self) -> None:
        """Begin to publish, once matched."""
        self._write()
        self._read_base()

    def _write(self) -> None:
        self.handle.stdin.write("\n")
        self.handle.stdin.flush()

    def wait_sent(self) -> dict[str, Any]:
        """Wait for the end of publishing: `sent` by topic, `behind_ms`."""
        return json.loads(self._line())

    def stop(self) -> dict[str, Any]:
        """End the publishing now; what was sent."""
        self._write()
        return self.wait_sent()


class Recorder(Process):
    """This package's recorder node, under a name of its own.

    The graph remembers a killed node for a while; another name for each process keeps its services
    and diagnostics apart from those of its predecessors.
    """

    _numbers = itertools.count(1)

    def __init__(self, rig: Path, root: Path, log: Path) -> None:
        self.name = f"recorder_{next(Recorder._numbers)}"
        self.diagnostics = f"/{self.name}/diagnostics"
        override = "'load: no rig is attached'"
        parameters = {"rig": rig, "root": root, "check_override": override}
        options = [part for name, v in parameters.items() for part in ("-p", f"{name}:={v}")]
        names = {"__node": self.name} | {s: self._service(s) for s in SERVICES}
        names |= {topics.DIAGNOSTICS: self.diagnostics}
        options += [part for name, v in names.items() for part in ("-r", f"{name}:={v}")]
        command = [sys.executable, "-m", "teleop_collect.nodes.recorder", "--ros-args", *options]
        super().__init__(command, log)

    def _service(self, name: str) -> str:
        return name.replace("recorder/", f"{self.name}/", 1)

    def wait_ready(self, client: RigClient, timeout_s: float = 60.0) -> None:
        """Until its services answer."""

        def ready() -> bool:
            if self.handle.poll() is not None:
                raise RuntimeError(f"the recorder ended with {self.handle.returncode}")
            return client.is_up(self._service(topics.START_EPISODE))

        client.wait_until(ready, timeout_s, "the recorder")

    def start(self, client: RigClient) -> str:
        """Start an episode; its id."""
        return self._answer(client, topics.START_EPISODE)

    def stop(self, client: RigClient) -> Path:
        """Finish the episode; its folder."""
        return Path(self._answer(client, topics.STOP_EPISODE))

    def _answer(self, client: RigClient, service: str) -> str:
        answer = client.trigger(self._service(service), timeout_s=60.0)
        if not answer.success:
            raise RuntimeError(f"{service}: {answer.message}")
        return answer.message


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Poll until `condition()` holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s:g} s for {what}")
        time.sleep(0.01)


def environment_without_ros(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables for another environment's Python: nothing of this one's libraries."""
    foreign = ("LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "_ROS_WHEELS_BOOTSTRAP_COMPLETE")
    return {name: value for name, value in environ.items() if name not in foreign}
