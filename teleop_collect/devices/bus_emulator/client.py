"""Tells a running emulator what to do."""

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from teleop_collect.errors import ConfigError, DeviceDisconnected, DeviceTimeout

ANSWER_S = 5.0
ROUND_DIGITS = 6
"""Positions are sent to a millionth of a rad, well below the 1.5 mrad of a servo's tick."""


class EmulatorClient:
    """Connects on first use, and again after the emulator was restarted.

    Every method raises `DeviceDisconnected` when no emulator listens, `DeviceTimeout` when it does
    not answer, and `ConfigError` when it refuses.

    Args:
        path: the emulator's control socket (see `rig.runtime.control_socket`).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: socket.socket | None = None
        self._received = b""

    def play(self, trajectory: Mapping[str, Any]) -> dict[str, Any]:
        """Move the hand along `{"rate_hz", "joints", "positions"}`, from now on.

        `positions` has a row for each sample and a column for each joint, in leader joint units.

        Returns:
            `start_monotonic_ns` (CLOCK_MONOTONIC at the first sample) and `duration_s`.
        """
        rows = [[round(float(v), ROUND_DIGITS) for v in row] for row in trajectory["positions"]]
        return self._ask(
            "play",
            rate_hz=float(trajectory["rate_hz"]),
            joints=list(trajectory["joints"]),
            positions=rows,
        )

    def set_pose(self, positions: Mapping[str, float]) -> None:
        """Be at a pose at once; joints not named stay."""
        self._ask("set_pose", positions={k: float(v) for k, v in positions.items()})

    def stop(self) -> None:
        """End the movement; the hand stays where it is."""
        self._ask("stop")

    def inject(self, kind: str, *, count: int | None = 1, delay_s: float = 0.06) -> None:
        """Spoil the next `count` replies (all, until `clear`, when None); kinds: `FaultKind`."""
        self._ask("inject", kind=kind, count=count, delay_s=delay_s)

    def silence(self, servo_id: int) -> None:
        """One servo stops answering, until `clear`."""
        self._ask("silence", id=servo_id)

    def hardware_error(self, servo_id: int, status: int) -> None:
        """One servo reports hardware errors (bits of register 70), until `clear` or a reboot."""
        self._ask("hardware_error", id=servo_id, status=status)

    def reboot(self, servo_id: int, boot_s: float = 0.3) -> None:
        """One servo restarts as after a loss of power: silent, then with torque off."""
        self._ask("reboot", id=servo_id, boot_s=boot_s)

    def write(self, servo_id: int, address: int, value: int) -> None:
        """Put a value into a register, behind the bus's back (temperature, limits, firmware)."""
        self._ask("write", id=servo_id, address=address, value=value)

    def fall(self, servo_id: int, ticks_s: float) -> None:
        """From now on gravity moves this shaft while torque is off, until `clear`."""
        self._ask("fall", id=servo_id, ticks_s=ticks_s)

    def block(self, servo_id: int, ticks: float) -> None:
        """An obstacle beyond which the shaft cannot turn upwards, until `clear`."""
        self._ask("block", id=servo_id, ticks=ticks)

    def clear(self) -> None:
        """End all faults but the unplugging."""
        self._ask("clear")

    def unplug(self) -> None:
        """Pull the cable."""
        self._ask("unplug")

    def plug(self) -> None:
        """Put the cable back."""
        self._ask("plug")

    def status(self) -> dict[str, Any]:
        """`playing`, `t_s`, `positions`, `plugged`, `exchanges`, `faults`, `torque`, `servos`.

        `servos` holds, by id, `ticks`, `goal_ticks`, `goal_current`, `goal_pwm`, `mode` and
        `watchdog` as they are now.
        """
        return self._ask("status")

    def close(self) -> None:
        """Hang up; safe to call twice."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._received = None, b""

    def _ask(self, command: str, **values: object) -> dict[str, Any]:
        line = json.dumps({"cmd": command, **values}, allow_nan=False, separators=(",", ":"))
        try:
            answer = self._exchange(line.encode() + b"\n")
        except TimeoutError as error:
            self.close()
            raise DeviceTimeout(f"emulator at {self._path} did not answer {command}") from error
        except OSError as error:
            self.close()
            raise DeviceDisconnected(
                f"no emulator listens at {self._path} ({error.strerror or error}); start it"
            ) from error
        if not answer.pop("ok"):
            raise ConfigError(f"emulator refuses {command}: {answer['error']}")
        return answer

    def _exchange(self, line: bytes) -> dict[str, Any]:
        if self._connection is None:
            self._connection = socket.socket(socket.AF_UNIX)
            self._connection.settimeout(ANSWER_S)
            self._connection.connect(str(self._path))
        self._connection.sendall(line)
        while b"\n" not in self._received:
            data = self._connection.recv(1 << 16)
            if not data:
                raise ConnectionResetError("it hung up")
            self._received += data
        answer, _, self._received = self._received.partition(b"\n")
        return dict(json.loads(answer))
