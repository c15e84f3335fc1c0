"""Levenberg-Marquardt with a numerical Jacobian, and the standard errors that follow."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from teleop_collect.samples import FloatArray

STEP = 1e-6
MAX_ITERATIONS = 50
ENOUGH = 1e-10
"""Relative decrease of the sum of squares at which the search ends."""


@dataclass(frozen=True)
class Solution:
    """Where a search ended.

    Attributes:
        parameters: shape (n,).
        residuals: shape (m,).
        errors: standard errors of the parameters, from s^2 (J^T J)^-1, shape (n,).
    """

    parameters: FloatArray
    residuals: FloatArray
    errors: FloatArray


def minimise(residuals: Callable[[FloatArray], FloatArray], start: FloatArray) -> Solution:
    """Minimise a sum of squares (Marquardt, 1963).

    Args:
        residuals: of parameters, shape (m,) with m larger than the number of parameters.
        start: first parameters.
    """
    x = np.array(start, dtype=float)
    r = residuals(x)
    damping = 1e-3
    for _ in range(MAX_ITERATIONS):
        jacobian = _jacobian(residuals, x, r)
        normal = jacobian.T @ jacobian
        step = -np.linalg.solve(normal + damping * np.diag(np.diag(normal)), jacobian.T @ r)
        tried = residuals(x + step)
        if tried @ tried >= r @ r:
            damping *= 10
            if damping > 1e9:
                break
            continue
        gain = 1 - (tried @ tried) / (r @ r)
        x, r, damping = x + step, tried, damping / 10
        if gain < ENOUGH:
            break
    return Solution(x, r, standard_errors(_jacobian(residuals, x, r), r))


def standard_errors(jacobian: FloatArray, residuals: FloatArray) -> FloatArray:
    """Standard errors of a linear (or linearised) least squares fit, shape (n,)."""
    freedom = max(1, len(residuals) - jacobian.shape[1])
    variance = float(residuals @ residuals) / freedom
    covariance = variance * np.linalg.pinv(jacobian.T @ jacobian)
    errors: FloatArray = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    return errors


def _jacobian(
    residuals: Callable[[FloatArray], FloatArray], x: FloatArray, at: FloatArray
) -> FloatArray:
    columns = []
    for index in range(len(x)):
        moved = x.copy()
        moved[index] += STEP
        columns.append((residuals(moved) - at) / STEP)
    return np.stack(columns, axis=1)
