"""One process of a rig's graph as its supervisor sees it: running or ended, and what it says."""

import re
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from teleop_collect.cli.child_log import ChildLog
from teleop_collect.rig.processes import Process

FATAL = re.compile(r"\[FATAL\] \[[\d.]+\] \[[^]]+\]: (?P<text>.+)$")
"""A line of `rclpy`'s console log that says why a node ends."""


class Child:
    """One running process with its log."""

    def __init__(
        self,
        process: Process,
        command: Sequence[str],
        environment: Mapping[str, str],
        log_path: Path,
        echo: Callable[[str], None] | None,
        start: Callable[..., Any] = subprocess.Popen,
    ) -> None:
        self.process = process
        self.log = ChildLog(process.name, log_path, echo)
        self.handle = start(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self.handle.stdout is not None
        self._pump = threading.Thread(
            target=self.log.copy, args=[self.handle.stdout], name=process.name, daemon=True
        )
        self._pump.start()

    def last_lines(self) -> str:
        """The end of its output, after the process has ended."""
        self._pump.join(timeout=1.0)
        return self.log.tail

    def last_words(self) -> str:
        """Why it has ended: what it logged as fatal, else the end of its output."""
        lines = self.last_lines().splitlines()
        for index, line in enumerate(lines):
            match = FATAL.search(line)
            if match is not None:
                return "\n".join([match["text"], *_until_log_line(lines[index + 1 :])])
        return "\n".join(lines)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal if it still runs."""
        if self.handle.poll() is None:
            self.handle.send_signal(number)


def _until_log_line(lines: Sequence[str]) -> list[str]:
    """The further lines of a message, up to the next one."""
    end = next((i for i, line in enumerate(lines) if line.startswith("[")), len(lines))
    return list(lines[:end])
