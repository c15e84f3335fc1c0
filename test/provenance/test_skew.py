from array import array

import pytest

from teleop_collect.provenance.skew import skew_ms

MS = 1_000_000


def test_distance_of_each_reference_stamp_to_the_nearest_other() -> None:
    reference = array("q", [0, 33 * MS, 66 * MS, 100 * MS])
    stream = array("q", [69 * MS, 1 * MS, 31 * MS])
    found = skew_ms("/camera", reference, stream)
    assert found.reference == "/camera"
    # distances 1, 2, 3, 31 ms
    assert found.p50 == 2.5
    assert found.p95 == pytest.approx(26.8)
    assert found.max == 31.0


def test_a_stream_against_itself_has_none() -> None:
    stamps = array("q", [5, 7, 11])
    found = skew_ms("/camera", stamps, stamps)
    assert (found.p50, found.p95, found.max) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("reference", "reference_ns", "stream_ns"),
    [(None, [1], [1]), ("/camera", [], [1]), ("/camera", [1], [])],
)
def test_what_cannot_be_compared_is_unknown(reference, reference_ns, stream_ns) -> None:
    found = skew_ms(reference, array("q", reference_ns), array("q", stream_ns))
    assert (found.p50, found.p95, found.max) == ("unknown", "unknown", "unknown")
