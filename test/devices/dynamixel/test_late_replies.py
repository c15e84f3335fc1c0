"""A length that late replies may still have is not asked for again."""

from teleop_collect.devices.dynamixel.late_replies import (
    MAX_LATENESS_NS,
    OwedAnswers,
    ReadLengths,
)


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


def test_a_servo_that_owes_an_answer_is_asked_for_another_length():
    owed = OwedAnswers()
    owed.failed(3, 80, 0)
    length, free_ns = owed.first_free(3, range(80, 83), 1)
    assert length == 81
    assert free_ns <= 1
    assert owed.first_free(4, range(80, 83), 1)[0] == 80


def test_a_confirmation_that_is_owed_must_be_waited_for():
    owed = OwedAnswers()
    owed.failed(3, 0, 7)
    assert owed.first_free(3, (0,), 8) == (0, 7 + MAX_LATENESS_NS)
    assert owed.first_free(3, (0,), 7 + MAX_LATENESS_NS)[1] <= 7 + MAX_LATENESS_NS


def test_when_all_are_owed_it_is_the_first_to_be_free():
    owed = OwedAnswers()
    owed.failed(3, 81, 1)
    owed.failed(3, 80, 2)
    assert owed.first_free(3, (80, 81), 3) == (81, 1 + MAX_LATENESS_NS)
