"""One joint's command: planned towards a wish through the joint's limiters, then advanced."""

import math
from collections.abc import Sequence

from teleop_collect.teleop.limiter import Limiter
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.stopping import AT_REST, easing_acceleration, stopping_acceleration
from teleop_collect.teleop.tracking import tracking_velocity
from teleop_collect.teleop.velocity_limit import VelocityLimit

_ACCELERATION = int(LimiterBits.ACCELERATION)
_ALIGN_RAMP = int(LimiterBits.ALIGN_RAMP)
_RELAX_S = 0.005


class JointCommand:
    """The last command of one joint and the step to the next.

    Args:
        position: where the joint is, rad or m; it starts at rest.
        acceleration: used to approach a wish and to brake, rad/s^2 or m/s^2.
        jerk: with which acceleration and brake come, rad/s^3 or m/s^3; inf for at once.
        limiters: all of the joint's limiters, in the order in which they act.

    Attributes:
        position: last command, rad or m.
        velocity: with which it moved, rad/s or m/s.
        acceleration: with which that changed, rad/s^2 or m/s^2.
        planned: velocity of the next step; set by `plan_follow` and `plan_brake`.
    """

    def __init__(
        self, position: float, acceleration: float, jerk: float, limiters: Sequence[Limiter]
    ) -> None:
        self.position = position
        self.velocity = 0.0
        self.acceleration = 0.0
        self.planned = 0.0
        self._limit = acceleration
        self._jerk = jerk
        self._reached: float | None = None
        self._limiters = [(int(limiter.bit), limiter.nearest) for limiter in limiters]

    @property
    def is_at_rest(self) -> bool:
        """Whether the command neither moves nor is about to."""
        return self.velocity == 0.0 and self.acceleration == 0.0

    def plan_follow(self, wish: float, wish_velocity: float, speed_cap: float, dt_s: float) -> int:
        """Plan the step towards a wish.

        Args:
            wish: rad or m.
            wish_velocity: rad/s or m/s.
            speed_cap: of the alignment ramp, rad/s or m/s; inf without one.
            dt_s: length of the tick, s; at 0 nothing moves.

        Returns:
            Bits of the limiters that keep the command from the wish; 0 when it is the wish.
        """
        self._reached = None
        if dt_s <= 0.0:
            self.planned = self.velocity
            return 0 if wish == self.position else _ACCELERATION
        wanted, reaches = tracking_velocity(
            self, wish, wish_velocity, self._limit, self._jerk, dt_s
        )
        bits = 0 if reaches else _ACCELERATION
        if speed_cap < math.inf:
            capped = self._capped(wanted, speed_cap, dt_s)
            if capped != wanted:
                wanted = capped
                bits |= _ALIGN_RAMP
        bits |= self._plan(wanted, dt_s)
        if bits == 0:
            self._reached = wish
        return bits

    def plan_brake(self, dt_s: float) -> int:
        """Plan the step towards rest; returns the bits of the limiters that prolong it."""
        self._reached = None
        if dt_s <= 0.0:
            self.planned = self.velocity
            return 0
        eased = easing_acceleration(-self.velocity, self._jerk, dt_s) * dt_s
        return self._plan(self.velocity + eased, dt_s)

    def stopping_velocity(self, dt_s: float) -> float:
        """Velocity of the next step of the stopping motion, which every limiter permits."""
        a = stopping_acceleration(self.velocity, self.acceleration, self._limit, self._jerk, dt_s)
        return self.velocity + a * dt_s

    def slow(self, velocity: float) -> None:
        """Replace the plan by a velocity between it and `stopping_velocity`."""
        self.planned = velocity
        self._reached = None

    def advance(self, dt_s: float) -> None:
        """Do the planned step."""
        if dt_s <= 0.0:
            return
        self._change(self.planned, dt_s)
        self.position += self.velocity * dt_s
        if self._reached is not None:
            self.position = self._reached

    def relax(self, pause_s: float) -> None:
        """Let a pause without commands pass: the joint decelerates where it stands."""
        while pause_s > 0.0 and not self.is_at_rest:
            step_s = min(pause_s, _RELAX_S)
            self._change(self.stopping_velocity(step_s), step_s)
            pause_s -= step_s

    def _change(self, velocity: float, dt_s: float) -> None:
        if abs(velocity) <= AT_REST:
            velocity = 0.0
        self.acceleration = (velocity - self.velocity) / dt_s
        self.velocity = velocity

    def _capped(self, wanted: float, cap: float, dt_s: float) -> float:
        """The wanted velocity under the ramp's speed; a faster joint is slowed down to it."""
        excess = math.copysign(cap, self.velocity) - self.velocity
        if abs(self.velocity) > cap:
            return self.velocity + easing_acceleration(excess, self._jerk, dt_s) * dt_s
        return VelocityLimit(cap, self._jerk, "").nearest(self, wanted, dt_s)

    def _plan(self, wanted: float, dt_s: float) -> int:
        bits = 0
        for bit, nearest in self._limiters:
            permitted = nearest(self, wanted, dt_s)
            if permitted != wanted:
                bits |= bit
                wanted = permitted
        self.planned = wanted
        return bits
