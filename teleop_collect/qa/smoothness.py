"""Smoothness of a movement from its speed: SPARC, dimensionless jerk and its logarithm."""

import numpy as np

from teleop_collect.samples import FloatArray

PAD_LEVEL = 4
CUTOFF_HZ = 10.0
AMPLITUDE_THRESHOLD = 0.05


def sparc(speed: FloatArray, rate_hz: float) -> float:
    """Spectral arc length: minus the length of the normalised speed spectrum's curve.

    -sum sqrt((df / (f_end - f_0))^2 + dM^2) over the band up to 10 Hz where the normalised
    magnitude M reaches 0.05; the spectrum is zero-padded by a factor of 16. Closer to zero is
    smoother. Balasubramanian et al., "On the analysis of movement smoothness", J. NeuroEngineering
    and Rehabilitation 12:112 (2015).

    Args:
        speed: shape (N,), any unit.
        rate_hz: samples a second.

    Returns:
        NaN when nothing moves.
    """
    if len(speed) < 2 or not np.any(speed):
        return float("nan")
    size = 2 ** (int(np.ceil(np.log2(len(speed)))) + PAD_LEVEL)
    magnitude = np.abs(np.fft.fft(speed, size))
    magnitude /= magnitude.max()
    frequency = np.arange(size) * rate_hz / size
    in_band = np.flatnonzero((frequency <= CUTOFF_HZ) & (magnitude >= AMPLITUDE_THRESHOLD))
    if not len(in_band) or in_band[0] == in_band[-1]:
        return float("nan")
    band = slice(in_band[0], in_band[-1] + 1)
    width = frequency[band][-1] - frequency[band][0]
    steps = np.hypot(np.diff(frequency[band]) / width, np.diff(magnitude[band]))
    return float(-steps.sum())


def dimensionless_jerk(speed: FloatArray, rate_hz: float) -> float:
    """-(T^3 / v_peak^2) * integral of (d2v/dt2)^2; closer to zero is smoother.

    Hogan and Sternad, "Sensitivity of smoothness measures to movement duration, amplitude, and
    arrests", J. Motor Behavior 41(6) (2009).

    Args:
        speed: shape (N,), any unit.
        rate_hz: samples a second.

    Returns:
        NaN when nothing moves.
    """
    peak = float(np.abs(speed).max(initial=0.0))
    if len(speed) < 3 or peak == 0.0:
        return float("nan")
    duration_s = len(speed) / rate_hz
    jerk = np.diff(speed, 2) * rate_hz**2
    return float(-(duration_s**3) / peak**2 * np.square(jerk).sum() / rate_hz)


def log_dimensionless_jerk(speed: FloatArray, rate_hz: float) -> float:
    """-ln |dimensionless jerk|; higher is smoother. Noise in `speed` dominates it: filter first."""
    return float(-np.log(np.abs(dimensionless_jerk(speed, rate_hz))))


def low_passed(values: FloatArray, rate_hz: float, cutoff_hz: float) -> FloatArray:
    """Values without what changes faster than `cutoff_hz`, by cutting the spectrum (no lag).

    Args:
        values: shape (N,).
        rate_hz: samples a second.
        cutoff_hz: highest frequency kept.
    """
    spectrum = np.fft.rfft(values)
    spectrum[np.fft.rfftfreq(len(values), 1.0 / rate_hz) > cutoff_hz] = 0.0
    kept: FloatArray = np.fft.irfft(spectrum, len(values))
    return kept
