"""Commands of this package, each in a process of its own whose memory and CPU time are known.

A process that has loaded everything forks for each command, so that neither is the loader's.
"""

import io
import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

TEST_FOLDER = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Outcome:
    """What a command did.

    Attributes:
        code: exit code.
        printed: all that it wrote to both outputs.
        grown_kb: by how much its memory grew at most, above what its modules take.
        cpu_s: user and system time; the load of the machine does not count.
    """

    code: int
    printed: str
    grown_kb: int
    cpu_s: float


class MeasuredCommands:
    """Runs commands. A context manager.

    Args:
        warm_up: commands that are run once, unmeasured, so that their modules are loaded.
    """

    def __init__(self, warm_up: Sequence[Sequence[str]]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "support.measured_commands"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=TEST_FOLDER,
            text=True,
        )
        for arguments in warm_up:
            self._ask(arguments, measured=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(self, *arguments: str) -> Outcome:
        """Run one command and wait for it."""
        return Outcome(**self._ask(arguments, measured=True))

    def _ask(self, arguments: Sequence[str], *, measured: bool) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([measured, list(arguments)]) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def _answer(arguments: list[str]) -> dict[str, Any]:
    from teleop_collect.cli.main import main

    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        code = main(arguments)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "code": code,
        "printed": printed.getvalue(),
        "grown_kb": used.ru_maxrss - before_kb,
        "cpu_s": used.ru_utime + used.ru_stime,
    }


def serve() -> None:
    """Answer one line for each line, until the input ends."""
    for line in sys.stdin:
        measured, arguments = json.loads(line)
        child = os.fork() if measured else None
        if child:
            os.waitpid(child, 0)
            continue
        print(json.dumps(_answer(arguments)), flush=True)
        if child == 0:
            os._exit(0)


if __name__ == "__main__":
    serve()
