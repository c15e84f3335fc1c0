"""How a follower comes to life without a jump: voltage rises, goals start where the arm is."""

from collections.abc import Mapping

from teleop_collect.clock import NS_PER_S

STEP_NS = 10_000_000
"""Between two steps of a ramp."""


class TorqueRamp:
    """Raises Goal PWM, which bounds the motor's voltage, from 0 to the limit of each servo.

    Args:
        duration_s: from nothing to full voltage.
    """

    def __init__(self, duration_s: float) -> None:
        self._duration_ns = duration_s * NS_PER_S
        self._rising: dict[int, tuple[int, int]] = {}
        self._written_ns = 0

    def start(self, servo_id: int, limit_units: int, now_ns: int) -> int:
        """Begin with one servo; what Goal PWM must be set to now."""
        if self._duration_ns == 0:
            return limit_units
        self._rising[servo_id] = limit_units, now_ns
        return 0

    def due(self, now_ns: int) -> dict[int, int]:
        """Goal PWM to write now, by servo id; empty when nothing rises or it is too early."""
        if not self._rising or now_ns - self._written_ns < STEP_NS:
            return {}
        self._written_ns = now_ns
        values = {}
        for servo_id, (limit, start_ns) in list(self._rising.items()):
            share = min(1.0, (now_ns - start_ns) / self._duration_ns)
            values[servo_id] = round(share * limit)
            if share == 1.0:
                del self._rising[servo_id]
        return values


class GoalRamp:
    """Leads from where the arm is to where it is asked to be.

    Args:
        duration_s: after which requests count in full.
    """

    def __init__(self, duration_s: float) -> None:
        self._duration_ns = duration_s * NS_PER_S
        self._from: dict[int, int] = {}
        self._start_ns = 0

    def start(self, goals: Mapping[int, int], now_ns: int) -> None:
        """Begin at these goals, ticks by servo id."""
        self._from, self._start_ns = dict(goals), now_ns

    def at(self, servo_id: int, request: float, now_ns: int) -> float:
        """What to send for a request, ticks."""
        passed_ns = now_ns - self._start_ns
        if servo_id not in self._from or passed_ns >= self._duration_ns:
            return request
        begin = self._from[servo_id]
        return begin + (request - begin) * passed_ns / self._duration_ns
