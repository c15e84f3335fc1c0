"""A length that late replies may still have is not asked for again."""

from teleop_collect.devices.dynamixel.late_replies import MAX_LATENESS_NS, ReadLengths


def test_stays_at_the_shortest_while_all_is_well():
    lengths = ReadLengths(10, 12)
    assert [lengths.next(t) for t in (0, 1, 2)] == [10, 10, 10]


def test_each_failure_retires_its_length_until_late_replies_have_passed():
    lengths = ReadLengths(10, 12)
    lengths.failed(10, 0)
    assert lengths.next(1) == 11
    lengths.failed(11, 1)
    assert lengths.next(2) == 12
    assert lengths.next(MAX_LATENESS_NS - 1) == 12
    assert lengths.next(MAX_LATENESS_NS) == 10


def test_offers_nothing_while_every_length_is_retired():
    lengths = ReadLengths(10, 11)
    lengths.failed(10, 0)
    lengths.failed(11, 5)
    assert lengths.next(6) is None
    assert lengths.next(MAX_LATENESS_NS + 4) == 10
