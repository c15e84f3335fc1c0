"""How far apart in time the streams of an episode are, at the moments of one camera's images."""

from array import array

import numpy as np
from numpy.typing import NDArray

from teleop_collect.provenance.manifest import Skew


def skew_ms(reference: str | None, reference_ns: "array[int]", stream_ns: "array[int]") -> Skew:
    """Distances from each reference stamp to the nearest stamp of a stream.

    Args:
        reference: topic of the reference camera; None when the rig has no camera.
        reference_ns: its stamps, UTC ns, any order.
        stream_ns: the stream's stamps, UTC ns, any order.

    Returns:
        Median, 95th percentile and maximum in ms; unknown when either side has no stamp.
    """
    if reference is None or not reference_ns or not stream_ns:
        return Skew(reference=reference, p50="unknown", p95="unknown", max="unknown")
    distances_ms = _nearest_ns(reference_ns, stream_ns) / 1e6
    p50, p95 = np.percentile(distances_ms, [50, 95])
    return Skew(reference=reference, p50=float(p50), p95=float(p95), max=float(distances_ms.max()))


def _nearest_ns(reference_ns: "array[int]", stream_ns: "array[int]") -> NDArray[np.int64]:
    wanted = np.asarray(reference_ns, dtype=np.int64)
    stamps = np.sort(np.asarray(stream_ns, dtype=np.int64))
    right = np.clip(np.searchsorted(stamps, wanted), 0, len(stamps) - 1)
    left = np.maximum(right - 1, 0)
    nearest: NDArray[np.int64] = np.minimum(
        np.abs(stamps[right] - wanted), np.abs(stamps[left] - wanted)
    )
    return nearest
