"""The newest sample of leader or follower, believed or doubted as a whole."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from teleop_collect.rig.config import Watchdog
from teleop_collect.samples import JointSample
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.mapping import JointsUnreadable
from teleop_collect.teleop.watchdog import Doubt, InputWatch


@dataclass(frozen=True, slots=True)
class Judgement:
    """One input at one tick.

    Attributes:
        positions: by follower joint, rad or m; None when the sample cannot be believed.
        stamp_ns: UTC time of measurement, ns; 0 before the first sample.
        age_s: s; None before the first sample.
        doubt: why it cannot be believed; None when it can.
        dead: it could not be believed for longer than the fault time.
    """

    positions: tuple[float, ...] | None
    stamp_ns: int
    age_s: float | None
    doubt: Doubt | None
    dead: bool


class ArmInput:
    """One input of a chain.

    Args:
        name: "leader" or "follower", for messages.
        stale_bit: set when the input is too old.
        joints: follower joints, in the order of the positions.
        read: positions by follower joint of a sample; raises `JointsUnreadable`.
        watchdog: ages after which to hold and to fault.
    """

    def __init__(
        self,
        name: str,
        stale_bit: LimiterBits,
        joints: tuple[str, ...],
        read: Callable[[JointSample], tuple[float, ...]],
        watchdog: Watchdog,
    ) -> None:
        self._name = name
        self._joints = joints
        self._read = read
        self._watch = InputWatch(name, stale_bit, watchdog)
        self._sample: JointSample | None = None
        self._content: tuple[float, ...] | Doubt = ()

    def received(self, sample: JointSample, receive_ns: int) -> None:
        """Take a sample; cheap, the newest is read at the next tick."""
        if self._watch.received(sample.stamp_ns, receive_ns):
            self._sample = sample
            self._content = ()

    def judge(self, now_ns: int, utc_ns: int) -> Judgement:
        """Believe the newest sample or say why not."""
        age_s = self._watch.age_s(now_ns, utc_ns)
        doubt = self._watch.doubt(now_ns, utc_ns)
        sample = self._sample
        if doubt is None and sample is not None:
            content = self._content or self._examine(sample)
            if not isinstance(content, Doubt):
                self._watch.believe()
                return Judgement(content, sample.stamp_ns, age_s, None, False)
            doubt = content
        stamp_ns = 0 if sample is None else sample.stamp_ns
        return Judgement(None, stamp_ns, age_s, doubt, self._watch.is_dead(now_ns, utc_ns))

    def _examine(self, sample: JointSample) -> tuple[float, ...] | Doubt:
        try:
            positions = self._read(sample)
        except JointsUnreadable as error:
            self._content = Doubt(int(LimiterBits.MISSING_JOINT), str(error))
            return self._content
        self._content = positions
        for joint, position in zip(self._joints, positions, strict=True):
            if not math.isfinite(position):
                reason = f"{self._name} position of joint {joint} is {position}, must be finite"
                self._content = Doubt(int(LimiterBits.NOT_FINITE), reason)
        return self._content
