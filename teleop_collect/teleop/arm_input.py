"""The newest sample of leader or follower, believed or doubted as a whole."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from teleop_collect.rig.config import Watchdog
from teleop_collect.samples import JointSample
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.mapping import JointsUnreadable
from teleop_collect.teleop.watchdog import Doubt, InputWatch, merged


@dataclass(frozen=True, slots=True)
class Judgement:
    """One input at one tick.

    Attributes:
        positions: by follower joint, rad or m; None when the sample cannot be believed.
        read: the same as they stand in the newest sample, believed or not; None where they are
            missing or no numbers.
        stamp_ns: UTC time of measurement, ns; 0 before the first sample.
        age_s: s; None before the first sample.
        doubt: why it cannot be believed; None when it can.
        dead: it could not be believed for longer than the fault time.
    """

    positions: tuple[float, ...] | None
    read: tuple[float, ...] | None
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
        self._nothing = Doubt(int(stale_bit), f"no {name} sample has arrived")
        self._sample: JointSample | None = None
        self._content: tuple[float, ...] | Doubt = ()

    def received(self, sample: JointSample, receive_ns: int, source_ns: int | None = None) -> None:
        """Take a sample; cheap, the newest is read at the next tick.

        Args:
            sample: newest.
            receive_ns: monotonic time at which its source was received.
            source_ns: UTC time at which its source was measured, where the sample was computed
                from a source of a rate of its own; absent, the sample's stamp counts.
        """
        measured_ns = sample.stamp_ns if source_ns is None else source_ns
        if self._watch.received(measured_ns, receive_ns) or source_ns is not None:
            self._sample = sample
            self._content = ()

    def heard(self, source_ns: int, receive_ns: int, doubt: Doubt | None = None) -> None:
        """Note a source from which no sample was computed, and why it cannot be believed."""
        self._watch.received(source_ns, receive_ns)
        if doubt is not None:
            self._content = doubt

    def judge(self, now_ns: int, utc_ns: int) -> Judgement:
        """Believe the newest sample or say why not: its content first, then age, then order."""
        age_s = self._watch.age_s(now_ns, utc_ns)
        times = self._watch.doubt(now_ns, utc_ns)
        sample = self._sample
        content = self._content or (None if sample is None else self._examine(sample))
        read = content if isinstance(content, tuple) else None
        stamp_ns = 0 if sample is None else sample.stamp_ns
        if times is None and read is not None:
            self._watch.believe()
            return Judgement(read, read, stamp_ns, age_s, None, False)
        doubts = [d for d in (content, times) if isinstance(d, Doubt)] or [self._nothing]
        is_dead = self._watch.is_dead(now_ns, utc_ns)
        return Judgement(None, read, stamp_ns, age_s, merged(doubts), is_dead)

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
