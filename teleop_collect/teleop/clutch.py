"""The clutch of a leader arm: while it is pressed, the leader moves alone.

The follower is asked to stay where the leader was when the clutch was pressed. When it is let go,
nothing is asked for a little longer than the watchdog waits, so the chain holds and then aligns the
follower with the leader at the ramp's speed instead of rushing after it.
"""

from dataclasses import replace

from teleop_collect.clock import NS_PER_S
from teleop_collect.rig.leader_config import Clutch
from teleop_collect.samples import JointSample

SILENCE, SEEN = 1.5, 0.25
"""Times `watchdog.hold_after_s` without samples after the release: enough to hold, not to fault;
and how much of a pause between two calls counts. A loop that stood still while the hold was due
must find the silence still there, or the follower would rush after the leader."""


class LeaderClutch:
    """Decides what of a leader's samples reaches the chain.

    Args:
        clutch: the rig file's.
        hold_after_s: the watchdog's.
    """

    def __init__(self, clutch: Clutch, hold_after_s: float) -> None:
        self._clutch = clutch
        self._silence_ns = round(SILENCE * hold_after_s * NS_PER_S)
        self._seen_ns = round(SEEN * hold_after_s * NS_PER_S)
        self._last: JointSample | None = None
        self._kept: JointSample | None = None
        self._silent_ns = 0
        self._now_ns = 0

    def passed(self, sample: JointSample, now_ns: int) -> JointSample | None:
        """What to hand to the chain at monotonic time `now_ns`; None for nothing."""
        since_ns, self._now_ns = now_ns - self._now_ns, now_ns
        if self._is_pressed(sample):
            if self._kept is None:
                self._kept = self._last or sample
            return replace(self._kept, stamp_ns=sample.stamp_ns, velocity=())
        if self._kept is not None:
            self._kept, self._silent_ns = None, self._silence_ns
        elif self._silent_ns > 0:
            self._silent_ns -= min(since_ns, self._seen_ns)
        self._last = sample
        return None if self._silent_ns > 0 else sample

    def _is_pressed(self, sample: JointSample) -> bool:
        position = dict(zip(sample.names, sample.position, strict=False)).get(self._clutch.joint)
        if position is None:
            return False
        beyond = position - self._clutch.threshold_rad
        return beyond > 0 if self._clutch.pressed == "above" else beyond < 0
