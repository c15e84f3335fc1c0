import struct

import pytest

from teleop_collect.recording.ledger import StreamLedger, header_stamp_ns
from teleop_collect.recording.transport_loss import TransportLoss

MS = 1_000_000
NS = 1_000_000_000


def stamped(stamp_ns: int) -> bytes:
    return b"\x00\x01\x00\x00" + struct.pack("<iI", *divmod(stamp_ns, NS)) + b"rest"


def ledger_of(stamps_ms, receives_ms=None, hz=100.0, **kw) -> StreamLedger:
    ledger = StreamLedger(hz, has_header=True, **kw)
    for n, stamp in enumerate(stamps_ms):
        receive = (receives_ms or stamps_ms)[n]
        ledger.received += 1
        ledger.accept(NS + round(receive * MS), stamped(NS + round(stamp * MS)))
    ledger.written = ledger.received
    return ledger


def counts(ledger: StreamLedger, start_ms: float = 0.0, end_ms: float = 100.0):
    return ledger.counts(NS + round(start_ms * MS), NS + round(end_ms * MS))


def test_a_regular_stream() -> None:
    found = counts(ledger_of([5, 15, 25, 35, 45, 55, 65, 75, 85, 95]))
    assert (found.received, found.written, found.dropped_queue) == (10, 10, 0)
    assert found.gaps == 0
    assert found.max_gap_ms == 10.0
    assert found.mean_hz == 100.0
    assert (found.out_of_order, found.duplicate_stamps) == (0, 0)
    assert found.lost_transport == "unknown"


def test_gaps_are_longer_than_one_and_a_half_periods_by_stamp_not_by_arrival() -> None:
    stamps = [0, 10, 25, 41, 50]
    bunched = [50, 50.1, 50.2, 50.3, 50.4]
    found = counts(ledger_of(stamps, bunched))
    assert found.gaps == 1
    assert found.max_gap_ms == 16.0


def test_backward_and_equal_stamps_are_counted_and_make_no_gap() -> None:
    found = counts(ledger_of([0, 10, 10, 5, 20]))
    assert found.duplicate_stamps == 1
    assert found.out_of_order == 1
    assert found.gaps == 0
    assert found.max_gap_ms == 10.0
    assert found.mean_hz == 200.0


def test_receive_times_serve_types_without_header_and_unset_stamps() -> None:
    bare = StreamLedger(100.0, has_header=False)
    unset = StreamLedger(100.0, has_header=True)
    for ms in (0, 10, 40):
        bare.accept(NS + ms * MS, stamped(1))
        unset.accept(NS + ms * MS, stamped(0))
    for ledger in (bare, unset):
        assert counts(ledger).gaps == 1
        assert counts(ledger).max_gap_ms == 30.0


def test_silence_at_the_ends_is_a_gap_beyond_what_bursts_explain() -> None:
    stamps = list(range(0, 1000, 10))
    assert counts(ledger_of(stamps), -190, 1000 + 190).gaps == 0
    died = counts(ledger_of(stamps), 0, 3000)
    assert (died.gaps, died.max_gap_ms) == (1, 2010.0)
    late = counts(ledger_of(stamps), -500, 1000)
    assert (late.gaps, late.max_gap_ms) == (1, 500.0)


def test_a_stream_that_need_not_flow_all_the_time_has_no_silence_at_its_ends() -> None:
    found = counts(ledger_of([1000, 1010], continuous=False), 0, 9000)
    assert (found.gaps, found.max_gap_ms) == (0, 10.0)


def test_a_required_stream_that_never_came_is_one_long_gap() -> None:
    found = counts(ledger_of([]), 0, 5000)
    assert (found.received, found.written, found.gaps, found.max_gap_ms) == (0, 0, 1, 5000.0)
    assert found.mean_hz == 0.0


def test_without_a_nominal_rate_gaps_cannot_be_known() -> None:
    found = counts(ledger_of([0, 70], hz=None))
    assert found.gaps == "unknown"
    assert found.max_gap_ms == 70.0
    single = counts(ledger_of([0], hz=None))
    assert (single.max_gap_ms, single.mean_hz) == ("unknown", "unknown")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (stamped(1_700_000_000 * NS + 5), 1_700_000_000 * NS + 5),
        (b"\x00\x00\x00\x00" + struct.pack(">iI", 7, 9), 7 * NS + 9),
        (b"\x00\x01\x00\x00\x01\x00", 0),
        (b"", 0),
    ],
)
def test_stamp_of_a_cdr_header(data: bytes, expected: int) -> None:
    assert header_stamp_ns(data) == expected


def test_transport_loss_is_the_sum_of_holes_for_each_publisher() -> None:
    loss = TransportLoss()
    assert loss.lost == "unknown"
    for sequence in (3, 4, 49, 50):
        loss.observe(sequence, b"one")
    assert loss.lost == 44
    for sequence in (1, 2, 4):
        loss.observe(sequence, b"two")
    assert loss.lost == 45


@pytest.mark.parametrize("sequences", [[1, 2, 1], [5, 5], [10, None], [100, 3, 101]], ids=str)
def test_transport_loss_is_unknown_when_numbers_cannot_be_told_apart(sequences) -> None:
    loss = TransportLoss()
    for sequence in sequences:
        loss.observe(sequence, None)
    loss.observe(1000, None)
    loss.observe(1001, None)
    assert loss.lost == "unknown"
