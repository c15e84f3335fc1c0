"""Leaders that fall silent: how long until teleoperation holds the arm."""

import random
import time
from dataclasses import dataclass

from .four_arms import FourArms, PlayedArm

PAUSE_S = (0.01, 0.06)
"""Between following again and the next stall, so that stalls meet every phase of the ticks."""
GIVE_UP_S = 0.45
"""Without HOLD until then the stall counts as missed; later the arm would fault."""


@dataclass
class _Injection:
    """One arm's present stall."""

    arm: PlayedArm
    due_s: float
    missed: int = 0


class Stalls:
    """Injects stalls into all arms at once, each at moments of its own.

    Args:
        rig: played and engaged.
        seed: of the pauses.
    """

    def __init__(self, rig: FourArms, seed: int = 1) -> None:
        self._rig = rig
        self._random = random.Random(seed)
        self._injections = {arm.name: _Injection(arm, 0.0) for arm in rig.arms}
        self.hold_ms: list[float] = []
        """From the leader's last sample to the first status that says HOLD."""
        self.missed = 0

    def inject(self, count: int, timeout_s: float) -> None:
        """Stall leaders until `count` stalls are done or the time is over."""
        end = time.monotonic() + timeout_s
        while len(self.hold_ms) + self.missed < count and time.monotonic() < end:
            time.sleep(0.001)
            states = self._rig.states()
            for injection in self._injections.values():
                self._advance(injection, states)

    def _advance(self, injection: _Injection, states: list[tuple[int, dict[str, str]]]) -> None:
        arm, now_s = injection.arm, time.monotonic()
        newest = states[-1][1].get(arm.name) if states else None
        if not arm.silent:
            if newest != "ENGAGED":
                if newest is not None:
                    injection.due_s = now_s + self._random.uniform(*PAUSE_S)
            elif now_s >= injection.due_s:
                arm.silent = True
                injection.due_s = now_s
            return
        held = [got for got, by_arm in states if by_arm.get(arm.name) == "HOLD"]
        if held:
            self.hold_ms.append((held[0] - arm.last_sent_ns) / 1e6)
        elif now_s - injection.due_s > GIVE_UP_S:
            self.missed += 1
        else:
            return
        arm.silent = False
        injection.due_s = now_s + self._random.uniform(*PAUSE_S)
