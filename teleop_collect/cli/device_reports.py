"""What device drivers report as errors while a rig check starts them for itself.

A driver without its device publishes nothing, so the check can only say that a stream is silent;
why it is silent stands in the driver's own words, in a log that ends with the check.
"""

import re

LINE = re.compile(r"^\[(?P<process>\w+)\] \[(ERROR|FATAL)\] \[[\d.]+\] \[[^]]+\]: (?P<text>.+)$")
"""A line of `rclpy`'s console log after the supervisor has put the process before it."""


class DeviceReports:
    """Collects errors from the processes' output, each text once.

    Args:
        ignored: processes whose errors are shown elsewhere.
    """

    def __init__(self, ignored: frozenset[str]) -> None:
        self._ignored = ignored
        self._texts: dict[str, None] = {}

    def hear(self, line: str) -> None:
        """Take one line of output; called from the supervisor's threads."""
        match = LINE.match(line)
        if match is not None and match["process"] not in self._ignored:
            self._texts[match["text"]] = None

    @property
    def texts(self) -> list[str]:
        """Error messages in the order in which they came."""
        return list(self._texts)
