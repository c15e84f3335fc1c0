"""The emulator's process: carries bytes between the line and the bus, on time, and takes commands.

All status packets of one exchange are delivered together when the last byte has left the bus, as a
USB adapter delivers them; each servo still takes its reading at its own turn.
"""

import ctypes
import heapq
import selectors
import time
from collections.abc import Mapping
from pathlib import Path

from teleop_collect.devices.bus_emulator.bus import Bus, Reply
from teleop_collect.devices.bus_emulator.control import ControlSocket
from teleop_collect.devices.bus_emulator.faults import Fault, FaultInjector
from teleop_collect.devices.bus_emulator.hand import Hand, HandTrajectory
from teleop_collect.devices.bus_emulator.line import Line
from teleop_collect.devices.bus_emulator.protocol import PacketParser
from teleop_collect.devices.bus_emulator.servo import EmulatedServo
from teleop_collect.devices.bus_emulator.terminal_delay import (
    TerminalDelay,
    measure_terminal_delay,
)
from teleop_collect.devices.dynamixel import models
from teleop_collect.errors import ConfigError
from teleop_collect.process import StopSignal

IDLE_S = 0.2
"""Longest wait, so that a stop is noticed."""
NEAR_NS = 3_000_000
"""A reply due within this is waited for exactly; a later one leaves the line open."""
SPIN_NS = 40_000
"""A sleep ends up to this late with a timer slack of 1 us (measured: p50 29 us)."""
TIMER_SLACK_NS = 1_000
MAX_BOOT_S = 60.0
MAX_TICKS = 1e6
_PR_SET_TIMERSLACK = 29


class EmulatorServer:
    """One emulated arm.

    Args:
        bus: the servos.
        hand: what moves them.
        line: where the driver connects.
        socket_path: where commands come in.
    """

    def __init__(self, bus: Bus, hand: Hand, line: Line, socket_path: Path) -> None:
        self._bus, self._hand, self._line = bus, hand, line
        self._faults = FaultInjector()
        self._parser = PacketParser()
        self._due: list[tuple[int, int, bytes]] = []
        self._exchanges = 0
        self._delay = TerminalDelay()
        self._selector = selectors.DefaultSelector()
        self._commands = {
            "play": self._play,
            "set_pose": self._set_pose,
            "stop": self._stop,
            "inject": self._inject,
            "clear": self._clear,
            "silence": self._silence,
            "hardware_error": self._hardware_error,
            "reboot": self._reboot,
            "write": self._write,
            "fall": self._fall,
            "block": self._block,
            "unplug": self._unplug,
            "plug": self._plug,
            "status": self._status,
        }
        self._control = ControlSocket(socket_path, self._selector, self._handle)
        self._watch_line()

    def run(self, stop: StopSignal) -> None:
        """Serve until the stop."""
        ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0)
        self._delay = measure_terminal_delay()
        while not stop.is_set:
            for key, _ in self._selector.select(self._patience_s()):
                key.data()
            self._deliver()

    def close(self) -> None:
        """Remove the socket and the port."""
        self._control.close()
        self._selector.close()
        self._line.close()

    def _patience_s(self) -> float:
        if not self._due:
            return IDLE_S
        return max(0.0, min(IDLE_S, (self._due[0][0] - time.monotonic_ns() - NEAR_NS) / 1e9))

    def _on_bytes(self) -> None:
        if not self._line.plugged:
            return
        start_ns = time.monotonic_ns() - self._delay.noticed_ns
        for packet in self._parser.feed(self._line.read()):
            self._exchanges += 1
            replies = self._bus.answer(packet, start_ns)
            if not replies:
                continue
            joined = Reply(replies[-1].end_ns, b"".join(reply.data for reply in replies))
            if (reply := self._faults.apply(joined)) is not None:
                heapq.heappush(self._due, (reply.end_ns, self._exchanges, reply.data))

    def _deliver(self) -> None:
        while self._due and self._due[0][0] - time.monotonic_ns() < NEAR_NS:
            end_ns, _, data = heapq.heappop(self._due)
            _wait_until(end_ns - self._delay.delivered_ns)
            self._line.write(data)

    def _watch_line(self) -> None:
        self._selector.register(self._line, selectors.EVENT_READ, self._on_bytes)

    def _handle(self, message: Mapping[str, object]) -> dict[str, object]:
        command = self._commands.get(str(message.get("cmd")))
        if command is None:
            raise ConfigError(f"no command {message.get('cmd')!r}; use {', '.join(self._commands)}")
        return command(message)

    def _play(self, message: Mapping[str, object]) -> dict[str, object]:
        trajectory = HandTrajectory.from_message(message, self._hand.joints)
        now_ns = time.monotonic_ns()
        self._hand.play(trajectory, now_ns)
        return {"start_monotonic_ns": now_ns, "duration_s": trajectory.duration_s}

    def _set_pose(self, message: Mapping[str, object]) -> dict[str, object]:
        pose = message.get("positions")
        if not isinstance(pose, dict):
            raise ConfigError("positions must be an object of joint names and numbers")
        self._hand.set_pose(pose, time.monotonic_ns())
        return {}

    def _stop(self, message: Mapping[str, object]) -> dict[str, object]:
        self._hand.stop(time.monotonic_ns())
        return {}

    def _inject(self, message: Mapping[str, object]) -> dict[str, object]:
        self._faults.inject(Fault.from_message(message))
        return {}

    def _clear(self, message: Mapping[str, object]) -> dict[str, object]:
        self._faults.clear()
        for servo in self._bus.servos:
            servo.silent = False
            servo.set_hardware_error(0)
            servo.fall_ticks_s = 0.0
            servo.motor.obstacle = None
        return {}

    def _silence(self, message: Mapping[str, object]) -> dict[str, object]:
        self._servo(message).silent = True
        return {}

    def _hardware_error(self, message: Mapping[str, object]) -> dict[str, object]:
        status = message.get("status")
        if not isinstance(status, int) or not 0 <= status <= 255:
            raise ConfigError(f"status is {status!r}; it must lie between 0 and 255")
        self._servo(message).set_hardware_error(status)
        return {}

    def _reboot(self, message: Mapping[str, object]) -> dict[str, object]:
        servo, boot_s = self._servo(message), _number(message, "boot_s", 0.0, MAX_BOOT_S)
        now_ns = time.monotonic_ns()
        servo.advance(now_ns)
        servo.reboot()
        servo.offline_until_ns = now_ns + round(boot_s * 1e9)
        return {}

    def _write(self, message: Mapping[str, object]) -> dict[str, object]:
        address = message.get("address")
        items = [item for item in models.ITEMS if item.address == address]
        if not items:
            raise ConfigError(f"no register begins at address {address!r}")
        bound = float(1 << 8 * items[0].size - 1)
        servo, value = self._servo(message), _number(message, "value", -bound, 2 * bound - 1)
        servo.advance(time.monotonic_ns())
        servo.store(items[0], int(value))
        return {}

    def _fall(self, message: Mapping[str, object]) -> dict[str, object]:
        servo = self._servo(message)
        servo.advance(time.monotonic_ns())
        servo.fall_ticks_s = _number(message, "ticks_s", -MAX_TICKS, MAX_TICKS)
        return {}

    def _block(self, message: Mapping[str, object]) -> dict[str, object]:
        servo = self._servo(message)
        servo.advance(time.monotonic_ns())
        servo.motor.obstacle = _number(message, "ticks", -MAX_TICKS, MAX_TICKS)
        return {}

    def _servo(self, message: Mapping[str, object]) -> EmulatedServo:
        for servo in self._bus.servos:
            if servo.servo_id == message.get("id"):
                return servo
        raise ConfigError(f"no servo {message.get('id')!r} on this bus")

    def _unplug(self, message: Mapping[str, object]) -> dict[str, object]:
        if self._line.plugged:
            self._selector.unregister(self._line)
            self._line.unplug()
            self._due.clear()
        return {}

    def _plug(self, message: Mapping[str, object]) -> dict[str, object]:
        if not self._line.plugged:
            self._line.plug()
            self._parser = PacketParser()
            self._watch_line()
        return {}

    def _status(self, message: Mapping[str, object]) -> dict[str, object]:
        now_ns = time.monotonic_ns()
        t_s = self._hand.progress_s(now_ns)
        return {
            "playing": t_s is not None,
            "t_s": t_s,
            "positions": {joint: self._hand.at(joint, now_ns)[0] for joint in self._hand.joints},
            "plugged": self._line.plugged,
            "exchanges": self._exchanges,
            "faults": self._faults.active,
            "torque": {str(servo.servo_id): servo.torque for servo in self._bus.servos},
            "servos": {str(s.servo_id): _servo_status(s, now_ns) for s in self._bus.servos},
        }


def _servo_status(servo: EmulatedServo, now_ns: int) -> dict[str, object]:
    servo.advance(now_ns)
    return {
        "ticks": servo.motor.ticks,
        "goal_ticks": servo.load(models.GOAL_POSITION),
        "goal_current": servo.load(models.GOAL_CURRENT),
        "goal_pwm": servo.load(models.GOAL_PWM),
        "mode": servo.load(models.OPERATING_MODE),
        "watchdog": servo.load(models.BUS_WATCHDOG),
    }


def _number(message: Mapping[str, object], key: str, low: float, high: float) -> float:
    value = message.get(key)
    if not isinstance(value, int | float) or not low <= value <= high:
        raise ConfigError(f"{key} is {value!r}; it must lie between {low:g} and {high:g}")
    return float(value)


def _wait_until(end_ns: int) -> None:
    left_ns = end_ns - SPIN_NS - time.monotonic_ns()
    if left_ns > 0:
        time.sleep(left_ns / 1e9)
    while time.monotonic_ns() < end_ns:
        pass
