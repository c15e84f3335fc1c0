"""Joint motion for measurements: on an even grid, by linear interpolation between samples.

Only checks use this. What is exported or replayed goes through `episodes.timeline`, which never
interpolates.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.streams import Int64Array, StreamData
from teleop_collect.samples import FloatArray

AVERAGED_S = 0.1
MAX_ROWS_A_SAMPLE = 200
"""Of a grid; below one sample in so many rows there is no motion to measure (0.5 Hz at 100 Hz)."""
MAD_TO_STD = 1.4826
"""From the median absolute deviation to the standard deviation of a normal distribution."""
STILL_HZ, STILL_WINDOW_S, STILL_CHANGE = 100.0, 0.1, 1e-3
"""rad or m that a resting joint may change within the window."""
RESTING_S = 0.1
RESTING_RAD = float(np.radians(0.5))


@dataclass(frozen=True)
class Motion:
    """Positions of joints on an even grid.

    Attributes:
        names: joint names.
        start_ns: time of the first row.
        rate_hz: rows a second.
        position: rad or m, shape (N, joints); NaN-free.
    """

    names: tuple[str, ...]
    start_ns: int
    rate_hz: float
    position: FloatArray

    def __len__(self) -> int:
        return len(self.position)

    def column(self, name: str) -> FloatArray:
        """Positions of one joint, shape (N,)."""
        column: FloatArray = self.position[:, self.names.index(name)]
        return column

    @property
    def stamp_ns(self) -> Int64Array:
        """Time of each row, shape (N,)."""
        steps = np.rint(np.arange(len(self)) * NS_PER_S / self.rate_hz).astype(np.int64)
        return self.start_ns + steps

    def speed(self) -> FloatArray:
        """Norm of all joints' velocities, shape (N,)."""
        if len(self) < 2:
            return np.zeros(len(self))
        norm: FloatArray = np.linalg.norm(
            np.gradient(self.position, 1 / self.rate_hz, axis=0), axis=1
        )
        return norm


def clean(data: StreamData) -> tuple[Int64Array, FloatArray]:
    """Stamps, rising strictly, and positions of the messages whose joints are all finite."""
    position = data.values["position"]
    good = np.isfinite(position).all(axis=1) & (data.stamp_ns > 0)
    stamps, rows = np.unique(data.stamp_ns[good], return_index=True)
    return stamps, position[good][rows]


def on_grid(data: StreamData, names: tuple[str, ...], grid_ns: Int64Array) -> FloatArray:
    """Positions of some joints at given times within the stream, shape (N, joints)."""
    stamps, position = clean(data)
    columns = [position[:, data.names.index(name)] for name in names]
    at = (grid_ns - stamps[0]).astype(np.float64)
    along = (stamps - stamps[0]).astype(np.float64)
    return np.stack([np.interp(at, along, column) for column in columns], axis=1)


def motions(streams: tuple[StreamData, ...], rate_hz: float) -> tuple[Motion, ...] | None:
    """Several streams of joints on one grid, over the time and joints that all of them have.

    Returns:
        None when they share no joint or less than a tenth of a second, or when there are too few
        samples for so long a time (a wrong stamp would ask for a grid of terabytes).
    """
    names = tuple(n for n in streams[0].names if all(n in s.names for s in streams))
    stamps = [clean(s)[0] for s in streams]
    if not names or any(len(s) < 2 for s in stamps):
        return None
    start_ns, end_ns = max(int(s[0]) for s in stamps), min(int(s[-1]) for s in stamps)
    count = int((end_ns - start_ns) * rate_hz / NS_PER_S) + 1
    if not 0.1 * rate_hz <= count <= MAX_ROWS_A_SAMPLE * min(len(s) for s in stamps):
        return None
    grid_ns = start_ns + np.rint(np.arange(count) * NS_PER_S / rate_hz).astype(np.int64)
    return tuple(Motion(names, start_ns, rate_hz, on_grid(s, names, grid_ns)) for s in streams)


def lag_s(leading: FloatArray, following: FloatArray, rate_hz: float, max_lag_s: float) -> float:
    """How far `following` is behind `leading`: argmax of the correlation of their changes.

    Changes are averaged over 0.1 s, the same in both, so that single ticks of jitter do not decide.
    The maximum is refined to a fraction of a sample by a parabola through its neighbours.

    Args:
        leading: shape (N,), on an even grid.
        following: shape (N,), on the same grid.
        rate_hz: samples a second.
        max_lag_s: largest lag looked for.

    Returns:
        Seconds, negative when `following` is ahead; NaN when nothing changes.
    """
    window = np.ones(max(round(AVERAGED_S * rate_hz), 1))
    a, b = (np.convolve(np.diff(x), window, "same") for x in (leading, following))
    if not a.any() or not b.any():
        return float("nan")
    reach = min(int(max_lag_s * rate_hz), len(a) - 1)
    # Wherever the streams overlap less, there is less to add up: each lag is normalised by itself.
    energy = _overlap_energy(a, reach, leading_part=True) * _overlap_energy(
        b, reach, leading_part=False
    )
    correlation = _correlation(a, b, reach) / np.sqrt(np.maximum(energy, np.finfo(float).tiny))
    peak = int(np.argmax(correlation))
    return (peak - reach + _parabola(correlation, peak)) / rate_hz


def _correlation(a: FloatArray, b: FloatArray, reach: int) -> FloatArray:
    """Sum of a[n] * b[n + k] for k from -reach to reach, by way of the spectrum."""
    size = 2 ** int(np.ceil(np.log2(2 * len(a))))
    spectrum = np.conj(np.fft.rfft(a, size)) * np.fft.rfft(b, size)
    lags: FloatArray = np.roll(np.fft.irfft(spectrum, size), reach)[: 2 * reach + 1]
    return lags


def _overlap_energy(values: FloatArray, reach: int, *, leading_part: bool) -> FloatArray:
    """Sum of squares of the part of one signal that overlaps the other at each lag."""
    total = np.concatenate([[0.0], np.cumsum(np.square(values))])
    lags = np.arange(-reach, reach + 1)
    if not leading_part:
        lags = -lags
    head = total[len(values) - np.maximum(lags, 0)]
    energy: FloatArray = head - total[np.maximum(-lags, 0)]
    return energy


def _parabola(values: FloatArray, peak: int) -> float:
    if not 0 < peak < len(values) - 1:
        return 0.0
    before, top, after = values[peak - 1 : peak + 2]
    curve = before - 2 * top + after
    return float(0.5 * (before - after) / curve) if curve < 0 else 0.0


def rests(values: FloatArray, rate_hz: float) -> NDArray[np.bool_]:
    """Where a joint has changed by less than half a degree (in rad) for 0.1 s."""
    window = max(int(RESTING_S * rate_hz), 1)
    still = np.zeros(len(values), dtype=bool)
    still[window:] = np.abs(values[window:] - values[:-window]) < RESTING_RAD
    return still


def stillness(data: StreamData, at_least_ns: int) -> Iterator[tuple[int, int, FloatArray]]:
    """Stretches in which no joint moves: begin, end and the posture there.

    Args:
        data: joint states.
        at_least_ns: shortest stretch.
    """
    found = motions((data,), STILL_HZ)
    if found is None:
        return
    motion = found[0]
    window = round(STILL_WINDOW_S * STILL_HZ)
    moving = np.ones(len(motion), dtype=bool)
    change = np.abs(motion.position[window:] - motion.position[:-window]).max(axis=1)
    moving[window:] = change > STILL_CHANGE
    edges = np.flatnonzero(np.diff(np.concatenate([[0], ~moving, [0]]).astype(np.int8)))
    stamps = motion.stamp_ns
    for first, last in edges.reshape(-1, 2):
        begin_ns, end_ns = int(stamps[first]), int(stamps[last - 1])
        if end_ns - begin_ns >= at_least_ns:
            yield begin_ns, end_ns, motion.position[first:last].mean(axis=0)
