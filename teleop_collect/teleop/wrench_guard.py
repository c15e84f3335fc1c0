"""Wrench guard: slows the arm down above a soft force and stops it for good at a hard one.

The soft limit scales the permitted speed; the hard one is a fault, because the command holds its
place and would go on pressing. ISO/TS 15066 lists 140 N as quasi-static limit for a hand; the
defaults (30 N, 60 N) lie well below, and are no claim of compliance.
"""

import math
from collections.abc import Sequence

from teleop_collect.rig.config import Watchdog, WrenchGuard
from teleop_collect.samples import WrenchSample
from teleop_collect.teleop.arm_step import ArmStep
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.watchdog import Doubt, InputWatch


class WrenchLimit:
    """Watches the wrist sensor of one arm.

    Args:
        guard: limits.
        joints: indices of the joints that it slows down.
        watchdog: age after which the arm holds.
    """

    bit = LimiterBits.WRENCH

    def __init__(self, guard: WrenchGuard, joints: Sequence[int], watchdog: Watchdog) -> None:
        self.joints = tuple(joints)
        self.text = ""
        self._slow_share = guard.slow_share
        self._watch = InputWatch("wrench", LimiterBits.STALE_WRENCH, watchdog)
        self._limits = [("force", "N", guard.soft_n, guard.hard_n)]
        if guard.soft_nm is not None and guard.hard_nm is not None:
            self._limits.append(("torque", "Nm", guard.soft_nm, guard.hard_nm))
        self._values: tuple[float, ...] = ()
        self._most: tuple[float, ...] = ()

    def received(self, sample: WrenchSample, receive_ns: int) -> None:
        """Take a sample, received at monotonic time `receive_ns`."""
        if self._watch.received(sample.stamp_ns, receive_ns):
            self._values = (math.hypot(*sample.force_n), math.hypot(*sample.torque_nm))
            known = self._most or self._values
            self._most = tuple(
                value if math.isnan(value) else max(value, most)
                for value, most in zip(self._values, known, strict=True)
            )

    def doubt(self, now_ns: int, utc_ns: int) -> Doubt | None:
        """Why the wrench cannot be believed now; None when it can."""
        if not all(map(math.isfinite, self._values)):
            bits = int(LimiterBits.NOT_FINITE | LimiterBits.STALE_WRENCH)
            return Doubt(bits, f"wrench is {self._values[0]} N, must be finite")
        return self._watch.doubt(now_ns, utc_ns)

    def broken(self) -> str | None:
        """Which hard limit was exceeded since the last call; None when none was."""
        most, self._most = self._most, ()
        return self._beyond(most)

    def pressing(self) -> str | None:
        """Which hard limit the newest sample exceeds; None when it exceeds none."""
        return self._beyond(self._values)

    def _beyond(self, values: tuple[float, ...]) -> str | None:
        for (what, unit, _, hard), value in zip(self._limits, values, strict=False):
            if value >= hard:
                return f"{what} at the wrist is {value:.1f} {unit}, hard limit {hard:g} {unit}"
        return None

    def share(self, step: ArmStep) -> float:
        """See `Guard.share`."""
        self.text = ""
        share = 1.0
        for (what, unit, soft, hard), value in zip(self._limits, self._values, strict=False):
            if not value > soft:
                continue
            left = max(hard - value, 0.0) / (hard - soft)
            speed = self._slow_share + (1.0 - self._slow_share) * left
            found = step.speed_share(self.joints, speed)
            if found < share:
                share = found
                self.text = (
                    f"{what} at the wrist is {value:.1f} {unit}, slow above {soft:g} {unit}, "
                    f"stop at {hard:g} {unit}"
                )
        return share
