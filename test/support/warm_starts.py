"""Starts processes of a graph from an interpreter that has imported their libraries before.

A node spends two seconds of a core on importing rclpy, messages, NumPy and the rig file's types,
and a graph has nine. Here one process has done that and forks each of them: a process of its own
like any other, which then runs its module from the start. What `up` and the launch files start is
started for real in their own tests.
"""

import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import IO, Any

LIBRARIES = (
    "diagnostic_msgs.msg",
    "geometry_msgs.msg",
    "sensor_msgs.msg",
    "std_srvs.srv",
    "trajectory_msgs.msg",
    "teleop_collect.nodes.host",
    "teleop_collect.nodes.conversions",
    "teleop_collect.nodes.diagnostics",
    "teleop_collect.recording.recorder",
)
_ENCODED = 1 << 20


class WarmProcess:
    """What `subprocess.Popen` gives, as far as a supervisor uses it."""

    stdin = None

    def __init__(self, pid: int, stdout: IO[bytes] | None) -> None:
        self.pid, self.stdout = pid, stdout
        self.returncode: int | None = None
        self._ended = threading.Event()

    def end(self, code: int) -> None:
        """Take note of its end."""
        self.returncode = code
        self._ended.set()

    def poll(self) -> int | None:
        """Exit code; None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Exit code, once it has ended."""
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal if it still runs."""
        if self.returncode is None:
            with suppress(ProcessLookupError):  # it may have ended since
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL if it still runs."""
        self.send_signal(signal.SIGKILL)


class WarmInterpreter:
    """The process that forks, and this process's connection to it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-m", "support.warm_starts", str(theirs.fileno())]
        environment = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(__file__))}
        self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment)
        theirs.close()
        self._socket = ours
        # One start at a time: an answer does not say which of two requests it is for.
        self._starting = threading.Lock()
        self._started: dict[int, WarmProcess] = {}
        self._early: dict[int, int] = {}
        self._pids: list[int] = []
        self._forked = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def start(
        self,
        command: Sequence[str],
        *,
        stdout: int | IO[bytes],
        env: Mapping[str, str] | None = None,
        start_new_session: bool = True,
        **_: Any,
    ) -> WarmProcess:
        """Run `[python, "-m", module, *arguments]` as `subprocess.Popen` does.

        Args:
            command: its interpreter is this one.
            stdout: a pipe or an open file; errors go there too.
            env: of the process; this one's when None.
            start_new_session: is always done.
        """
        assert list(command[:2]) == [sys.executable, "-m"]
        assert start_new_session
        piped = stdout == subprocess.PIPE
        readable, output = os.pipe() if piped else (-1, os.dup(stdout.fileno()))
        environment = dict(os.environ if env is None else env)
        request = json.dumps({"arguments": list(command[2:]), "environment": environment})
        with self._starting, self._forked:
            socket.send_fds(self._socket, [request.encode()], [output])
            os.close(output)
            assert self._forked.wait_for(lambda: self._pids, 60), "the warm interpreter is silent"
            pid = self._pids.pop()
            process = WarmProcess(pid, os.fdopen(readable, "rb") if piped else None)
            if pid in self._early:
                process.end(self._early.pop(pid))
            else:
                self._started[pid] = process
        return process

    def _listen(self) -> None:
        while told := self._socket.recv(_ENCODED):
            kind, pid, code = json.loads(told)
            with self._forked:
                if kind == "forked":
                    self._pids.append(pid)
                    self._forked.notify()
                elif pid in self._started:
                    self._started.pop(pid).end(code)
                else:
                    self._early[pid] = code


@cache
def warm_interpreter() -> WarmInterpreter:
    """The one of this test run."""
    return WarmInterpreter()


def serve(connection: socket.socket) -> None:
    """Fork what is asked for until the other side has closed."""
    for name in LIBRARIES:
        __import__(name)
    signal.signal(signal.SIGCHLD, lambda *_: _reap(connection))
    while True:
        request, descriptors, _, _ = socket.recv_fds(connection, _ENCODED, 1)
        if not request:
            return
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        if (pid := os.fork()) == 0:
            connection.close()
            _become(json.loads(request), descriptors[0])
        os.close(descriptors[0])
        connection.send(json.dumps(("forked", pid, 0)).encode())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


def _reap(connection: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        code = os.waitstatus_to_exitcode(status)
        connection.send(json.dumps(("ended", pid, code)).encode())


def _become(request: dict[str, Any], output: int) -> None:
    """Run a module as the main program of this process, and end with it."""
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        os.environ.clear()
        os.environ.update(request["environment"])
        module, *sys.argv[1:] = request["arguments"]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
