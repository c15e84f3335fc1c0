"""Two clocks read at one moment, though the reader may lose the processor in between."""

from teleop_collect.clock import FakeClock, PacedLoop, UtcAnchor, both_ns

UTC_NS = 1_700_000_000_000_000_000
MS = 1_000_000


class InterruptedClock(FakeClock):
    """Its reader sleeps before some readings of UTC."""

    def __init__(self, *naps_ns: int) -> None:
        super().__init__(UTC_NS)
        self._naps_ns = list(naps_ns)

    def utc_ns(self) -> int:
        if self._naps_ns:
            self.advance_ns(self._naps_ns.pop(0))
        return super().utc_ns()


def test_a_reader_that_was_interrupted_reads_again():
    monotonic_ns, utc_ns = both_ns(InterruptedClock(4 * MS, 3 * MS))

    assert utc_ns - monotonic_ns == UTC_NS


def test_of_interrupted_readings_the_closest_counts():
    monotonic_ns, utc_ns = both_ns(InterruptedClock(4 * MS, 1 * MS, 3 * MS, 2 * MS))

    assert utc_ns - monotonic_ns == UTC_NS + 1 * MS


def test_an_interrupted_reader_sees_no_step_of_the_clock():
    clock = InterruptedClock(5 * MS, 0, 5 * MS)

    anchor = UtcAnchor.now(clock)

    assert anchor.step_ns(clock) == 0
    clock.step_utc_ns(-7 * MS)
    assert anchor.step_ns(clock) == -7 * MS


def test_a_paced_loop_wakes_where_its_owner_asks_and_counts_only_what_it_missed():
    clock = FakeClock()
    loop = PacedLoop(1000, clock, max_lag_periods=4)

    assert [loop.wait(n) for n in (1, 2, 5)] == [1 * MS, 3 * MS, 8 * MS]
    assert loop.skipped == 0
    clock.advance_ns(20 * MS)
    assert loop.wait(2) == 28 * MS
    assert loop.skipped == 18
    assert loop.wait() == 29 * MS
