"""How long a serial adapter may hold received bytes back, and how long an exchange takes."""

from pathlib import Path

DEFAULT_LATENCY_MS = 8.0
"""For ports without the setting (CDC-ACM adapters, pseudo terminals): the other end is software."""
INSTRUCTION_BYTES = 14
"""Sync Read without its list of ids."""
STATUS_BYTES = 11
"""Status packet without parameters."""
BITS_PER_BYTE = 10
"""Start bit, eight data bits, stop bit."""


def latency_timer_ms(path: str, sys_root: Path = Path("/sys")) -> float | None:
    """The adapter's latency timer (FTDI, thus U2D2), ms; None when the port has none.

    An emulated port has it in a file beside it, `NAME.latency_timer`, where somebody put one.
    """
    name = Path(path).resolve().name
    setting = sys_root / "class" / "tty" / name / "device" / "latency_timer"
    for file in (setting, Path(f"{path}.latency_timer")):
        try:
            return float(file.read_text())
        except (OSError, ValueError):
            continue
    return None


def sync_read_s(
    baud: int, length: int, return_delays_s: list[float], latency_ms: float | None
) -> float:
    """Least duration of one Sync Read of `length` bytes, one return delay for each servo, s."""
    servos = len(return_delays_s)
    wire_bytes = INSTRUCTION_BYTES + servos + servos * (STATUS_BYTES + length)
    wire_s = wire_bytes * BITS_PER_BYTE / baud
    return wire_s + sum(return_delays_s) + (latency_ms or 0.0) / 1000
