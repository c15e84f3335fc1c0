"""How one joint comes to rest with bounded acceleration and jerk, and how far it still goes.

A tick of any length dt chooses an acceleration a; then v += a dt and position += v dt. A is the
bound on |a|, J the bound on its change per second (infinite where jerk is not limited).

Stopping means: bring the acceleration to its brake, hold it at A at most, and let go of it so that
velocity and acceleration reach zero together. `stop_travel` is the way of that motion in continuous
time, piecewise cubic. The tick's rule decelerates before it moves, so `stopping_acceleration` never
goes further than `stop_travel` foretold, whatever the lengths of the ticks: the travel of a tick
plus the `stop_travel` after it is at most the `stop_travel` before it. That inequality is what the
position limit, the tracking and the guards of the arm rest on; a property test holds it.
"""

import math

AT_REST = 1e-12
"""Velocity (rad/s or m/s) that counts as zero."""

_ROUNDS, _SECANTS = 120, 12
"""Looks for a root, and how many of them before halvings are mixed in."""

_CLOSE = 1e-12
"""Room (rad or m) that may be left unused."""


def braking(room: float, rate: float, dt_s: float) -> float:
    """Largest speed for the next tick after which braking still ends within `room`.

    Braking from u at `rate` covers at most u**2 / (2 rate) after the tick and u dt in it, so u is
    the positive root of u dt + u**2 / (2 rate) = room. The same holds one order higher: with room
    left to a velocity and the jerk as rate, u is an acceleration.

    Args:
        room: >= 0.
        rate: deceleration, or jerk; inf for an immediate stop.
        dt_s: length of the tick, s, > 0.
    """
    if rate == math.inf:
        return room / dt_s
    step = rate * dt_s
    return math.sqrt(step * step + 2.0 * rate * room) - step


def stop_travel(velocity: float, acceleration: float, limit: float, jerk: float) -> float:
    """How far upwards a joint still goes while it stops, rad or m, >= 0.

    Args:
        velocity: rad/s or m/s; positive is upwards.
        acceleration: rad/s^2 or m/s^2.
        limit: bound on the acceleration.
        jerk: bound on its change per second; inf for none.
    """
    if jerk == math.inf:
        return velocity * velocity / (2.0 * limit) if velocity > 0.0 else 0.0
    if acceleration >= 0.0:
        t = acceleration / jerk
        top = velocity + 0.5 * acceleration * t
        if top <= 0.0:
            return 0.0
        return max(velocity * t + acceleration * t * t / 3.0 + _from_top(top, limit, jerk), 0.0)
    if velocity <= 0.0:
        return 0.0
    t = -acceleration / jerk
    recovered = -0.5 * acceleration * t
    if velocity >= recovered:
        top = velocity + recovered
        return max(_from_top(top, limit, jerk) - (top - jerk * t * t / 6.0) * t, 0.0)
    # Brakes harder than it can let go of: it turns back before the acceleration is gone.
    # Rounding may take the root's argument below 0 where both cases meet.
    left = max(acceleration * acceleration - 2.0 * jerk * velocity, 0.0)
    t = (-acceleration - math.sqrt(left)) / jerk
    return velocity * t + 0.5 * acceleration * t * t + jerk * t * t * t / 6.0


def _from_top(velocity: float, limit: float, jerk: float) -> float:
    """Stopping distance from a velocity > 0 without acceleration."""
    if velocity * jerk <= limit * limit:
        return velocity * math.sqrt(velocity / jerk)
    return velocity * velocity / (2.0 * limit) + velocity * limit / (2.0 * jerk)


def easing_acceleration(change: float, jerk: float, dt_s: float) -> float:
    """Acceleration of the next tick towards another velocity, that can be let go of in time.

    Args:
        change: velocity wanted minus velocity, rad/s or m/s.
        jerk: bound on the change of the acceleration per second; inf for none.
        dt_s: length of the tick, s, > 0.
    """
    if abs(change) <= AT_REST:
        return change / dt_s
    return math.copysign(braking(abs(change), jerk, dt_s), change)


def stopping_acceleration(
    velocity: float, acceleration: float, limit: float, jerk: float, dt_s: float
) -> float:
    """Acceleration of the next tick while stopping, within both bounds; see the module."""
    low = max(acceleration - jerk * dt_s, -limit)
    high = min(acceleration + jerk * dt_s, limit)
    return min(max(easing_acceleration(-velocity, jerk, dt_s), low), high)


def largest_within(room: float, step: "StopStep", low: float, high: float) -> float:
    """The largest acceleration of a tick from `low` to `high` whose stop ends within `room`.

    Travel grows with the acceleration, so the root is bracketed and closed in on by secants (the
    Illinois rule: Dowell and Jarratt 1971), where they fail by halvings too, and the answer lies on
    the safe side of it.

    Args:
        room: rad or m.
        step: the tick.
        low: an acceleration that is permitted anyway.
        high: one that is not.
    """
    below, above = step.travel(low) - room, step.travel(high) - room
    if below >= 0.0 or above <= 0.0:
        return low if below >= 0.0 else high
    left, side = -below, 0
    for turn in range(_ROUNDS):
        if left <= _CLOSE:
            break
        middle = (low * above - high * below) / (above - below)
        if not low < middle < high or (turn > _SECANTS and turn % 2):
            middle = 0.5 * (low + high)
        found = step.travel(middle) - room
        # An end that stays twice weighs half, or the secant would close in from one side alone.
        if found <= 0.0:
            above *= 0.5 if side < 0 else 1.0
            low, below, left, side = middle, found, -found, -1
        else:
            below *= 0.5 if side > 0 else 1.0
            high, above, side = middle, found, 1
    return low


class StopStep:
    """One tick of one joint, and the stop after it, seen in the direction of `sign`.

    Args:
        velocity: before the tick, in that direction, rad/s or m/s.
        limit: bound on the acceleration while stopping.
        jerk: bound on its change per second; inf for none.
        dt_s: length of the tick, s.
    """

    __slots__ = ("_dt_s", "_jerk", "_velocity", "limit")

    def __init__(self, velocity: float, limit: float, jerk: float, dt_s: float) -> None:
        self._velocity = velocity
        self.limit = limit
        self._jerk = jerk
        self._dt_s = dt_s

    def travel(self, acceleration: float) -> float:
        """Way of the tick at `acceleration` and of the stop after it."""
        velocity = self._velocity + acceleration * self._dt_s
        return velocity * self._dt_s + stop_travel(velocity, acceleration, self.limit, self._jerk)
