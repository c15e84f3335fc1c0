"""From a camera's clock to the host's: offset and drift, measured from frames as they arrive.

A frame arrives at `host = offset + rate * device + delay`. The delay is never negative and often
near its minimum, so the mapping is the line below all arrivals that lies closest to them: the edge
of their lower convex hull above the mean device time (Moon, Skelly and Towsley, "Estimation and
removal of clock skew from network delay measurements", INFOCOM 1999). What remains in the offset is
the shortest delay that occurred. No mapped time lies after the arrival it was made from.
"""

from collections import deque
from dataclasses import dataclass

from teleop_collect.clock import NS_PER_S

WRAP_US = 1 << 32
"""D4xx cameras count microseconds in 32 bits: the counter starts anew every 71.6 minutes."""

BUCKET_NS = NS_PER_S
WINDOW_BUCKETS = 60
"""Of each second the quickest frame is kept, for one minute."""

MIN_SPAN_NS = 10 * NS_PER_S
"""Below this span the drift is not measured and taken as none: the error stays below 1 ms."""

MAX_DRIFT = 500e-6
"""Crystals of such cameras drift by tens of us/s (75 us/s is reported); more is a wrong fit."""

STEP_NS = 50_000_000
"""An arrival this far before its prediction proves that a clock was set; so does a device time
that runs backwards."""


class WrappingCounter:
    """A 32-bit microsecond counter as a time that goes on.

    A counter that falls by less than half its range has not wrapped: its device has restarted. The
    time then falls too, which `DeviceClock` takes as a step.
    """

    def __init__(self) -> None:
        self._last_us: int | None = None
        self._base_us = 0

    def extended_us(self, counter_us: int) -> int:
        """The reading plus all full turns so far, us."""
        counter_us %= WRAP_US
        if self._last_us is not None and self._last_us - counter_us > WRAP_US // 2:
            self._base_us += WRAP_US
        self._last_us = counter_us
        return self._base_us + counter_us


@dataclass(frozen=True)
class ClockFit:
    """`host_ns = host_at_ns + (1 + drift) * (device_ns - device_at_ns)`.

    Attributes:
        device_at_ns: reference on the device's clock, ns.
        host_at_ns: the same moment on the host's clock, ns.
        drift: seconds that the host's clock gains on the device's in one second.
        drift_is_measured: whether enough time has passed to tell; else `drift` is 0.
    """

    device_at_ns: int
    host_at_ns: int
    drift: float
    drift_is_measured: bool

    def host_ns(self, device_ns: int) -> int:
        """A device time on the host's clock, ns."""
        elapsed_ns = device_ns - self.device_at_ns
        return self.host_at_ns + elapsed_ns + round(self.drift * elapsed_ns)


class DeviceClock:
    """Maps device times to the host's monotonic clock while frames arrive.

    Attributes:
        steps: how often a clock was found to have been set or a device to have restarted.
    """

    def __init__(self) -> None:
        self.steps = 0
        self._fit: ClockFit | None = None
        self._buckets: deque[tuple[int, int]] = deque(maxlen=WINDOW_BUCKETS)
        self._bucket_start_ns = 0
        self._last_device_ns = 0

    @property
    def fit(self) -> ClockFit | None:
        """The mapping now; None before the first frame."""
        return self._fit

    def host_ns(self, device_ns: int, arrived_ns: int) -> int:
        """Take in one arrival and return its device time on the host's clock.

        Args:
            device_ns: when the frame was made, on the device's clock.
            arrived_ns: when it reached the host, on the host's clock.

        Returns:
            The same moment on the host's clock, ns; never after `arrived_ns`.
        """
        if self._fit is not None and self._is_step(self._fit, device_ns, arrived_ns):
            self.steps += 1
            self._fit = None
            self._buckets.clear()
        self._last_device_ns = device_ns
        if self._fit is None or self._keep(device_ns, arrived_ns):
            if self._fit is None:
                self._open_bucket(device_ns, arrived_ns)
            self._fit = _fit(list(self._buckets))
        return min(self._fit.host_ns(device_ns), arrived_ns)

    def _is_step(self, fit: ClockFit, device_ns: int, arrived_ns: int) -> bool:
        early_ns = fit.host_ns(device_ns) - arrived_ns
        return device_ns < self._last_device_ns or early_ns > STEP_NS

    def _open_bucket(self, device_ns: int, arrived_ns: int) -> None:
        self._bucket_start_ns = device_ns
        self._buckets.append((device_ns, arrived_ns))

    def _keep(self, device_ns: int, arrived_ns: int) -> bool:
        """Whether this arrival is the quickest of its second."""
        if device_ns - self._bucket_start_ns >= BUCKET_NS:
            self._open_bucket(device_ns, arrived_ns)
            return True
        best_device_ns, best_arrived_ns = self._buckets[-1]
        if arrived_ns - device_ns >= best_arrived_ns - best_device_ns:
            return False
        self._buckets[-1] = (device_ns, arrived_ns)
        return True


def _fit(points: list[tuple[int, int]]) -> ClockFit:
    """The line below `points` (device, host; ns, device times ascending) closest to them."""
    at_ns = points[-1][0]
    drift, measured = 0.0, points[-1][0] - points[0][0] >= MIN_SPAN_NS
    delays = [(device - at_ns, host - device) for device, host in points]
    if measured:
        mean = sum(elapsed for elapsed, _ in delays) / len(delays)
        drift = max(-MAX_DRIFT, min(MAX_DRIFT, _slope_at(_lower_hull(delays), mean)))
    lowest = min(delay - drift * elapsed for elapsed, delay in delays)
    return ClockFit(at_ns, at_ns + int(lowest // 1), drift, measured)


def _lower_hull(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Lower convex hull, left to right (Andrew's monotone chain)."""
    hull: list[tuple[int, int]] = []
    for point in points:
        while len(hull) > 1 and not _turns_left(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    return hull


def _turns_left(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) > (b[1] - a[1]) * (c[0] - a[0])


def _slope_at(hull: list[tuple[int, int]], at: float) -> float:
    """Slope of the hull's edge above `at`, which lies between its ends."""
    above = next(i for i in range(1, len(hull)) if hull[i][0] >= at)
    (x0, y0), (x1, y1) = hull[above - 1], hull[above]
    return (y1 - y0) / (x1 - x0)
