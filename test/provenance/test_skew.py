import gc
import inspect
import tracemalloc

import numpy as np
import pytest

from teleop_collect.provenance.manifest import Skew
from teleop_collect.provenance.skew import BLOCK, MAX_WAITING, SAMPLES, SkewMeter

MS = 1_000_000
CAMERA, OTHER = 0, 1


def meter() -> SkewMeter:
    return SkewMeter("/camera", CAMERA, 2)


def measured(images: list[int], stream: list[int]) -> Skew:
    skew = meter()
    for stamp in images:
        skew.add(CAMERA, stamp)
    for stamp in stream:
        skew.add(OTHER, stamp)
    skew.finish()
    return skew.result(OTHER)


def test_distance_of_each_image_to_the_nearest_other() -> None:
    found = measured([0, 33 * MS, 66 * MS, 100 * MS], [69 * MS, 1 * MS, 31 * MS])

    assert found.reference == "/camera"
    # distances 1, 2, 3, 31 ms
    assert found.p50 == 2.5
    assert found.p95 == pytest.approx(26.8)
    assert found.max == 31.0


def test_a_camera_against_itself_has_none() -> None:
    skew = meter()
    for stamp in (5, 7, 11):
        skew.add(CAMERA, stamp)

    skew.finish()
    found = skew.result(CAMERA)

    assert (found.p50, found.p95, found.max) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("images", "stream"), [([], [1]), ([1], [])])
def test_what_cannot_be_compared_is_unknown(images, stream) -> None:
    found = measured(images, stream)

    assert (found.p50, found.p95, found.max) == ("unknown", "unknown", "unknown")


def test_without_a_camera_all_is_unknown() -> None:
    skew = SkewMeter(None, None, 1)
    skew.add(0, 1)

    assert skew.result(0) == Skew(reference=None, p50="unknown", p95="unknown", max="unknown")


def feed(skew: SkewMeter, seconds: int, *, silent_from_s: int = 10**9, until_s: int = 0) -> None:
    """30 images and 200 others a second, each jittering by up to 1 ms; the others may pause."""
    random = np.random.default_rng(3)
    events = [(n * 1000 * MS // 30, CAMERA) for n in range(30 * seconds)]
    for n in range(200 * seconds):
        if not silent_from_s <= n / 200 < until_s:
            events.append((n * 5 * MS + int(random.integers(MS)), OTHER))
    for stamp, number in sorted(events):
        skew.add(number, stamp)


def brute_force(seconds: int) -> np.ndarray:
    class Kept(SkewMeter):
        def __init__(self) -> None:
            self.stamps = ([], [])

        def add(self, number, stamp_ns):
            self.stamps[number].append(stamp_ns)

    kept = Kept()
    feed(kept, seconds)
    others = np.array(kept.stamps[OTHER])
    return np.array([np.abs(others - image).min() for image in kept.stamps[CAMERA]]) / MS


def test_many_blocks_give_what_comparing_everything_gives() -> None:
    skew, seconds = meter(), 60
    assert 230 * seconds > 3 * BLOCK

    feed(skew, seconds)

    skew.finish()
    found, distances = skew.result(OTHER), brute_force(seconds)
    assert found.p50 == pytest.approx(np.percentile(distances, 50))
    assert found.p95 == pytest.approx(np.percentile(distances, 95))
    assert found.max == pytest.approx(distances.max())


def test_a_silence_counts_from_both_of_its_ends() -> None:
    skew = meter()

    feed(skew, 200, silent_from_s=50, until_s=110)

    skew.finish()
    assert float(skew.result(OTHER).max) == pytest.approx(30_000, abs=40)


def test_memory_does_not_grow_with_the_episode() -> None:
    skew, images = meter(), 4 * MAX_WAITING
    feed(skew, 30)

    def held_after(first: int) -> int:
        """Bytes held once `images` more have come, none of them beside another stream's stamp."""
        for stamp in range(first, first + images):
            skew.add(CAMERA, (10**6 + stamp) * MS)
        gc.collect()
        # What the meter's module allocated: another thread's memory is not its growth.
        own = [tracemalloc.Filter(True, inspect.getfile(SkewMeter))]
        found = tracemalloc.take_snapshot().filter_traces(own).statistics("filename")
        return sum(statistic.size for statistic in found)

    tracemalloc.start()
    settled = held_after(0)
    grown = max(held_after(n * images) for n in range(1, 4)) - settled
    tracemalloc.stop()

    # Kept, the stamps of so many images would be 8 bytes each; what waits is settled already.
    assert grown < images


def test_beyond_the_sample_percentiles_are_estimated_and_the_maximum_is_exact() -> None:
    skew, images = meter(), 4 * SAMPLES
    for n in range(images):
        skew.add(CAMERA, 100 * n * MS)
        skew.add(OTHER, (100 * n + (40 if n == 30_000 else n % 20)) * MS)

    skew.finish()
    found = skew.result(OTHER)
    assert (found.p50, found.p95) == (pytest.approx(9.5, abs=1), pytest.approx(18.5, abs=1))
    assert found.max == 40.0
