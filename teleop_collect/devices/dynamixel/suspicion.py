"""Which servos of a follower may have stopped or lost torque, and which to look at next."""

from collections.abc import Collection, Sequence

from teleop_collect.clock import Clock

EXAMINE_NS = 50_000_000
"""Between two looks at one servo's torque, alerts and watchdog, in turn."""
SUSPECT_READS = 2
"""One lost answer is noise; from the second on the servo is suspect."""


class Suspicion:
    """What is not certain of the servos of one arm.

    Args:
        servo_ids: all of them.
        watchdog_ns: after such a silence each servo may have stopped by itself.
        clock: what silence is measured with.
    """

    def __init__(self, servo_ids: Sequence[int], watchdog_ns: int, clock: Clock) -> None:
        self._ids, self._watchdog_ns, self._clock = tuple(servo_ids), watchdog_ns, clock
        self._suspects: set[int] = set()
        self._failed_reads = 0
        self._turn = 0
        self._examined_ns = 0
        self._spoken_ns: int | None = None

    def __bool__(self) -> bool:
        return bool(self._suspects)

    def forget(self) -> None:
        """The arm is opened anew."""
        self._suspects.clear()
        self._failed_reads, self._spoken_ns = 0, None

    def spoke(self) -> None:
        """Something was sent on the bus: no servo's watchdog runs out."""
        self._spoken_ns = self._clock.monotonic_ns()

    def answered(self) -> None:
        """All servos have answered."""
        self._failed_reads = 0

    def missing(self, servo_ids: Collection[int]) -> bool:
        """Note servos without an answer; True when these are the first suspects."""
        self._failed_reads += 1
        if self._failed_reads < SUSPECT_READS or not servo_ids:
            return False
        first = not self._suspects
        self._suspects.update(servo_ids)
        return first

    def everyone(self) -> None:
        """Suspect all of them."""
        self._suspects.update(self._ids)

    def after_silence(self) -> None:
        """Suspect all of them when nothing has been sent for as long as their watchdogs wait."""
        now_ns = self._clock.monotonic_ns()
        if self._spoken_ns is not None and now_ns - self._spoken_ns >= self._watchdog_ns:
            self.everyone()

    def to_examine(self) -> tuple[int, ...]:
        """Who is to be looked at now: the suspects, or one servo in turn every 50 ms."""
        if self._suspects:
            return tuple(sorted(self._suspects))
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._examined_ns < EXAMINE_NS:
            return ()
        self._examined_ns = now_ns
        self._turn = (self._turn + 1) % len(self._ids)
        return (self._ids[self._turn],)

    def clear(self) -> None:
        """All of them have been seen in order."""
        self._suspects.clear()
