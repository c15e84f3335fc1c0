"""How far apart in time the streams of an episode are, at the moments of one camera's images.

Measured while the episode runs, in memory that does not grow with it: stamps are kept until both
neighbours of an image's stamp are known. Median and percentile are exact for the first
`SAMPLES` images and from then on those of a uniform random sample of so many (reservoir sampling,
Vitter 1985, algorithm R); the maximum is always exact.
"""

from array import array

import numpy as np
from numpy.typing import NDArray

from teleop_collect.clock import NS_PER_S
from teleop_collect.provenance.manifest import Skew

BLOCK = 4096
"""Stamps that are collected before they are looked at."""
SAMPLES = 8192
MAX_WAITING = 8192
"""Images that wait for the next stamp of a silent stream; beyond it every second one is let go."""
MAX_STAMPS = 1 << 16
"""Stamps of a stream that are kept at most, the newest, while no image comes."""
DISORDER_NS = 2 * NS_PER_S
"""Stamps that come later than this after younger ones are compared with younger images only."""

Stamps = NDArray[np.int64]
_NONE: Stamps = np.empty(0, dtype=np.int64)


class SkewMeter:
    """Distances from each image's stamp to the nearest stamp of every stream.

    Args:
        reference: topic of the reference camera; None when the rig has no camera.
        reference_number: its stream number, or None.
        streams: how many streams there are.
    """

    def __init__(self, reference: str | None, reference_number: int | None, streams: int) -> None:
        self._reference = reference
        self._reference_number = reference_number
        self._new = [array("q") for _ in range(streams)]
        self._count = 0
        self._measured = [_StreamSkew(number) for number in range(streams)]
        self._seen_ns = -(1 << 63)

    def add(self, number: int, stamp_ns: int) -> None:
        """Note a stamp (UTC ns) of a stream."""
        if self._reference_number is None:
            return
        self._new[number].append(stamp_ns)
        self._count += 1
        if self._count >= BLOCK:
            self._settle(DISORDER_NS)

    def _settle(self, margin_ns: int) -> None:
        """Hand on what was collected; images younger than the newest by `margin_ns` wait."""
        self._count = 0
        assert self._reference_number is not None
        images = self._measured[self._reference_number]
        for measured, new in zip(self._measured, self._new, strict=True):
            measured.take(np.frombuffer(new.tobytes(), dtype=np.int64))
            del new[:]
        if not len(images.stamps_ns):
            return
        horizon_ns = int(images.stamps_ns[-1]) - margin_ns
        due = images.stamps_ns[
            (images.stamps_ns > self._seen_ns) & (images.stamps_ns <= horizon_ns)
        ]
        self._seen_ns = max(self._seen_ns, horizon_ns)
        for measured in self._measured:
            measured.compare(due, margin_ns)

    def finish(self) -> None:
        """No stamp follows."""
        if self._reference_number is not None:
            self._settle(0)

    def result(self, number: int) -> Skew:
        """Median, 95th percentile and maximum (ms) of a stream, once finished."""
        distances = self._measured[number].sample_ns
        if not len(distances):
            return unmeasured(self._reference)
        p50, p95 = np.percentile(distances, [50, 95]) / 1e6
        longest_ms = self._measured[number].longest_ns / 1e6
        return Skew(reference=self._reference, p50=float(p50), p95=float(p95), max=longest_ms)


def unmeasured(reference: str | None) -> Skew:
    """The record of a stream that cannot be compared."""
    return Skew(reference=reference, p50="unknown", p95="unknown", max="unknown")


class _StreamSkew:
    """One stream against the images."""

    def __init__(self, seed: int) -> None:
        self.stamps_ns = _NONE
        self.longest_ns = 0
        self._waiting = _NONE
        self.sample_ns = _NONE
        """Distances, or a random sample of them."""
        self._seen = 0
        self._random = np.random.default_rng(seed)

    def take(self, new: Stamps) -> None:
        """Add stamps."""
        if len(new):
            self.stamps_ns = np.sort(np.concatenate((self.stamps_ns, new)))[-MAX_STAMPS:]

    def compare(self, due: Stamps, margin_ns: int) -> None:
        """Measure the images whose neighbours are known; with no margin, all.

        Args:
            due: stamps of further images, ascending.
            margin_ns: younger stamps of this stream may still come.
        """
        waiting = np.concatenate((self._waiting, due))
        if not len(self.stamps_ns):
            self._waiting = _thinned(waiting)
            return
        known_ns = int(self.stamps_ns[-1]) if margin_ns else int(np.iinfo(np.int64).max)
        ready = np.searchsorted(waiting, known_ns, side="right")
        self._note(_nearest_ns(waiting[:ready], self.stamps_ns))
        self._waiting = _thinned(waiting[ready:])
        self._forget(int(due[-1]) if len(due) else None)

    def _forget(self, compared_ns: int | None) -> None:
        """Let go of stamps that no image to come can be nearest to."""
        oldest = self._waiting[0] if len(self._waiting) else compared_ns
        if oldest is not None:
            first = max(0, int(np.searchsorted(self.stamps_ns, oldest, side="right")) - 1)
            self.stamps_ns = self.stamps_ns[first:].copy()

    def _note(self, distances: Stamps) -> None:
        if not len(distances):
            return
        self.longest_ns = max(self.longest_ns, int(distances.max()))
        room = SAMPLES - len(self.sample_ns)
        self.sample_ns = np.concatenate((self.sample_ns, distances[:room]))
        counts = np.arange(self._seen, self._seen + len(distances)) + 1
        self._seen += len(distances)
        places = self._random.integers(0, counts[room:])
        kept = places < SAMPLES
        self.sample_ns[places[kept]] = distances[room:][kept]


def _thinned(waiting: Stamps) -> Stamps:
    return waiting if len(waiting) <= MAX_WAITING else waiting[::2].copy()


def _nearest_ns(wanted: Stamps, stamps: Stamps) -> Stamps:
    right = np.clip(np.searchsorted(stamps, wanted), 0, len(stamps) - 1)
    left = np.maximum(right - 1, 0)
    nearest: Stamps = np.minimum(np.abs(stamps[right] - wanted), np.abs(stamps[left] - wanted))
    return nearest
