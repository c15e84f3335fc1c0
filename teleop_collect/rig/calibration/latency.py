"""How much later one signal shows what another one showed: cross-correlation with a parabola.

The delayed signal is compared, at its own times, with the other one shifted by each lag; the peak
of the correlation coefficient is refined by a parabola through it and its neighbours.
"""

from dataclasses import dataclass

import numpy as np

from teleop_collect.errors import CheckFailed
from teleop_collect.samples import FloatArray

GRID_S = 0.002
MAX_LAG_S = 0.5
MIN_CORRELATION = 0.7
MIN_SAMPLES = 30


@dataclass(frozen=True)
class Signal:
    """One quantity over time.

    Attributes:
        t_s: ascending, shape (n,).
        values: shape (n,).
    """

    t_s: FloatArray
    values: FloatArray

    def changes(self) -> "Signal":
        """Rates of change, at the middles between samples; a constant offset leaves no trace."""
        dt = np.diff(self.t_s)
        good = dt > 0
        middle = (self.t_s[1:] + self.t_s[:-1]) / 2
        return Signal(middle[good], np.diff(self.values)[good] / dt[good])


@dataclass(frozen=True)
class Lag:
    """A delay.

    Attributes:
        lag_s: positive when the delayed signal is later.
        correlation: at the peak, 0 to 1.
        error_s: standard error, from the peak's width and the samples.
    """

    lag_s: float
    correlation: float
    error_s: float


def find_lag(cause: Signal, effect: Signal, what: str, max_lag_s: float = MAX_LAG_S) -> Lag:
    """How much later `effect` shows what `cause` shows.

    Args:
        cause: sampled densely (it is interpolated).
        effect: at any times.
        what: named in messages.
        max_lag_s: largest delay sought, of either sign.

    Raises:
        CheckFailed: too little motion, too few samples, or signals that do not resemble.
    """
    inside = (effect.t_s >= cause.t_s[0] + max_lag_s) & (effect.t_s <= cause.t_s[-1] - max_lag_s)
    if inside.sum() < MIN_SAMPLES:
        raise CheckFailed(
            f"latency of {what}: {int(inside.sum())} samples lie within the motion, {MIN_SAMPLES} "
            f"are needed; move for {2 * max_lag_s + 3:g} s or longer"
        )
    t_s, wanted = effect.t_s[inside], effect.values[inside]
    lags = np.arange(-max_lag_s, max_lag_s + GRID_S / 2, GRID_S)
    shifted = np.interp(t_s[None, :] - lags[:, None], cause.t_s, cause.values)
    coefficients = _correlation(shifted, wanted)
    peak = int(np.argmax(coefficients))
    best = float(coefficients[peak])
    if not best >= MIN_CORRELATION:
        raise CheckFailed(
            f"latency of {what}: both signals correlate by {best:.2f} at best (limit "
            f"{MIN_CORRELATION:g}); move farther and vary the speed"
        )
    if peak in (0, len(lags) - 1):
        raise CheckFailed(f"latency of {what} is beyond {max_lag_s:g} s; check the clocks")
    before, at, after = (float(v) for v in coefficients[peak - 1 : peak + 2])
    curvature = before - 2 * at + after
    offset = (before - after) / (2 * curvature) if curvature < 0 else 0.0
    return Lag(float(lags[peak]) + offset * GRID_S, best, _error(best, curvature, len(t_s)))


def swing(values: FloatArray) -> FloatArray:
    """The one number along which several coordinates vary most, shape (n,) of (n, coordinates)."""
    centred = values - values.mean(axis=0)
    return np.asarray(centred @ np.linalg.svd(centred, full_matrices=False)[2][0])


def _correlation(shifted: FloatArray, wanted: FloatArray) -> FloatArray:
    """Absolute correlation coefficient of each row with `wanted`; 0 without variation."""
    rows = shifted - shifted.mean(axis=1, keepdims=True)
    column = wanted - wanted.mean()
    scale = np.linalg.norm(rows, axis=1) * np.linalg.norm(column)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.abs(rows @ column) / scale
    return np.where(scale > 1e-12, found, 0.0)


def _error(best: float, curvature: float, samples: int) -> float:
    """Standard error of the peak's place: noise share over curvature, for independent samples."""
    if curvature >= 0:
        return GRID_S
    bend = -curvature / GRID_S**2
    return float(np.sqrt(max(1 - best**2, 0.0) / (samples * bend * max(best, 1e-9))))
