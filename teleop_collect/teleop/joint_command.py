"""One joint's command: position and velocity, moved only through the joint's limiters."""

import math
from collections.abc import Sequence

from teleop_collect.teleop.limiter import Limiter
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.tracking import tracking_velocity

_ACCELERATION = int(LimiterBits.ACCELERATION)
_ALIGN_RAMP = int(LimiterBits.ALIGN_RAMP)


class JointCommand:
    """The last command of one joint and the step to the next.

    Args:
        position: where the joint is, rad or m; it starts at rest.
        acceleration: used to approach a wish and to brake, rad/s^2 or m/s^2.
        limiters: all of the joint's limiters.
    """

    def __init__(self, position: float, acceleration: float, limiters: Sequence[Limiter]) -> None:
        self.position = position
        self.velocity = 0.0
        self._acceleration = acceleration
        self._permitted = [(int(limiter.bit), limiter.permitted) for limiter in limiters]

    def follow(self, wish: float, wish_velocity: float, speed_cap: float, dt_s: float) -> int:
        """Step towards a wish.

        Args:
            wish: rad or m.
            wish_velocity: rad/s or m/s.
            speed_cap: of the alignment ramp, rad/s or m/s; inf without one.
            dt_s: length of the tick, s; at 0 nothing moves.

        Returns:
            Bits of the limiters that keep the command from the wish; 0 when it is the wish.
        """
        if dt_s <= 0.0:
            return 0 if wish == self.position else _ACCELERATION
        wanted, reaches = tracking_velocity(
            wish - self.position, wish_velocity, self._acceleration, dt_s
        )
        bits = 0 if reaches else _ACCELERATION
        if abs(wanted) > speed_cap:
            wanted = math.copysign(speed_cap, wanted)
            bits |= _ALIGN_RAMP
        bits |= self._step(wanted, dt_s)
        if bits == 0:
            self.position = wish
        return bits

    def brake(self, dt_s: float) -> int:
        """Step towards rest; returns the bits of the limiters that prolong it."""
        return self._step(0.0, dt_s)

    def relax(self, pause_s: float) -> None:
        """Let a pause without commands pass: the joint decelerates where it stands."""
        lost = self._acceleration * pause_s
        speed = abs(self.velocity) - lost
        self.velocity = math.copysign(speed, self.velocity) if speed > 0.0 else 0.0

    def _step(self, wanted: float, dt_s: float) -> int:
        bits = 0
        velocity = wanted
        # In the order of the limiters reversed, so that the position limit decides last.
        for bit, permitted in self._permitted:
            low, high = permitted(self.position, self.velocity, dt_s)
            if wanted < low or wanted > high:
                bits |= bit
            velocity = min(max(velocity, low), high)
        self.velocity = velocity
        self.position += velocity * dt_s
        return bits
