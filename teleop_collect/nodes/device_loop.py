"""Keeps devices running in threads of their own: connect, work, survive what passes, say the rest.

One thread a device, because a silent one must not delay another. What fails publishes nothing, so
whoever listens sees the silence and holds.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from teleop_collect.clock import PacedLoop, SystemClock
from teleop_collect.errors import DeviceError, DeviceTimeout, TeleopCollectError
from teleop_collect.nodes.diagnostics import Row
from teleop_collect.nodes.host import Host

RECONNECT_S = 0.2
"""Pause between attempts to open a device."""
REPORTED_TIMEOUTS = 10
"""Consecutive time-outs after which the log says so; single ones are only counted."""


class Device(Protocol):
    """What a loop opens and closes."""

    def connect(self) -> None:
        """Open it; may be called again after a loss."""
        ...

    def close(self) -> None:
        """Release it; safe to call twice."""
        ...


@dataclass
class Counters:
    """What happened to one device since the start."""

    reads: int = 0
    timeouts: int = 0
    timeouts_in_a_row: int = 0
    losses: int = 0
    connected: bool = False
    error: str = ""


class DeviceLoop:
    """One device's thread.

    Args:
        host: the process's ROS side.
        name: of the device, for the log and diagnostics, such as `leader left`.
        device: what is connected and closed.
        step: one read of the device with all that follows; raises its errors.
        rate_hz: of steps; None for a device whose read waits by itself.
        connected: called after each successful connect.
        lost: called once when a connected device fails, before it is closed.
        facts: what the device tells of itself, for diagnostics.
    """

    def __init__(
        self,
        host: Host,
        name: str,
        device: Device,
        step: Callable[[], None],
        rate_hz: float | None = None,
        *,
        connected: Callable[[], None] = lambda: None,
        lost: Callable[[], None] = lambda: None,
        facts: Callable[[], Mapping[str, object]] = dict,
    ) -> None:
        self.name = name
        self.counters = Counters()
        self.failure: TeleopCollectError | None = None
        self._host, self._device, self._step = host, device, step
        self._rate_hz = rate_hz
        self._connected, self._lost, self._facts = connected, lost, facts

    def run(self) -> None:
        """Connect and work until the host stops."""
        while not self._host.stop.is_set:
            try:
                self._device.connect()
                self._connected()
                self.counters.connected = True
                self._work()
            except DeviceError as error:
                self._on_loss(str(error))
                self._host.stop.wait(RECONNECT_S)
            except TeleopCollectError as error:
                # A port in use or an impossible configuration does not pass by itself.
                self.failure = error
                self._host.stop.set()
            except Exception as error:
                self.failure = DeviceError(f"{self.name}: unexpected: {error!r}")
                self._host.stop.set()
                raise

    def _work(self) -> None:
        loop = PacedLoop(self._rate_hz, SystemClock()) if self._rate_hz else None
        while not self._host.stop.is_set:
            if loop is not None:
                loop.wait()
            try:
                self._step()
            except DeviceTimeout as error:
                self._on_timeout(str(error))
                continue
            self.counters.reads += 1
            self.counters.timeouts_in_a_row = 0
            self._set_error("")

    def _on_loss(self, message: str) -> None:
        if self.counters.connected:
            self.counters.losses += 1
            self._lost()
        self.counters.connected = False
        self._set_error(message)
        self._device.close()

    def _on_timeout(self, message: str) -> None:
        """Count; a person hears of it only when it lasts."""
        self.counters.timeouts += 1
        self.counters.timeouts_in_a_row += 1
        if self.counters.timeouts_in_a_row >= REPORTED_TIMEOUTS:
            self._set_error(message)

    def _set_error(self, message: str) -> None:
        if message == self.counters.error or self._host.stop.is_set:
            return
        log = self._host.node.get_logger()
        if message:
            log.error(f"{self.name}: {message}")
        else:
            log.info(f"{self.name}: reading again")
        self.counters.error = message

    def row(self, node: str) -> Row:
        """Level, message and values for diagnostics."""
        values: dict[str, object] = {**vars(self.counters), **self._facts()}
        if self.counters.error or not self.counters.connected:
            return (f"{node}: {self.name}", "error", self.counters.error or "not connected", values)
        return (f"{node}: {self.name}", "ok", "reading", values)

    def close(self) -> None:
        """Release the device."""
        self._device.close()


def run_loops(host: Host, loops: Sequence[DeviceLoop]) -> None:
    """Run all devices until the stop.

    Raises:
        TeleopCollectError: what ended one of them.
    """
    threads = [threading.Thread(target=loop.run, name=loop.name) for loop in loops]
    for thread in threads:
        thread.start()
    host.stop.wait()
    for thread in threads:
        thread.join(timeout=2.0)
    for loop in loops:
        if loop.failure is not None:
            raise loop.failure
