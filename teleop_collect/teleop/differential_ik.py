"""Joint velocities for a tool velocity, bounded near singular postures. Pure."""

from collections.abc import Callable

import numpy as np

from teleop_collect.samples import FloatArray

SLOW_BELOW = 0.05
"""Singular value of the Jacobian (m and rad taken together) below which a direction is being lost.
Arms of 0.5 to 1 m reach have values of 0.1 and more in ordinary postures."""

STOP_BELOW = 0.02
"""Singular value below which the arm goes no further into a singularity. An arm of two links of
0.3 m stands a few millimetres before its full reach there."""

POSTURE_PER_S = 1.0
"""Share of the way to the preferred posture that a redundant arm goes in a second."""

PROBE = 1e-3
"""Joint step (rad or m) that tells whether a direction leads into the singularity or out of it."""


def joint_velocity(
    jacobian_at: Callable[[FloatArray], FloatArray],
    positions: FloatArray,
    twist: FloatArray,
    posture: FloatArray,
) -> FloatArray:
    """Exact where the arm can; slower only in directions that it is losing.

    Every singular direction of the Jacobian has a gain of its own, as in numerical filtering
    (Maciejewski and Klein, 1988, on motion through singular configurations): 1 / s for a singular
    value s above `SLOW_BELOW`. Below, a direction that leads further in fades to 0 at `STOP_BELOW`,
    and one that leads out keeps min(1 / s, 1 / STOP_BELOW). Damping both alike would let an arm
    that was pushed against its reach for long come back as slowly as it went in; MoveIt Servo, too,
    treats leaving a singularity better than approaching it.

    What a redundant arm can do without moving its tool goes towards `posture` (gradient projection:
    Liegeois, 1977), no faster than the tool's own motion asks of the joints. Without it the elbow
    of a seven-joint arm wanders by a few hundredths of a radian with each circle of the tool.

    Args:
        jacobian_at: shape (6, joints) for positions of shape (joints,), linear rows first.
        positions: rad or m, shape (joints,).
        twist: shape (6,), linear (m/s) and angular (rad/s) in the Jacobian's axes.
        posture: preferred positions, rad or m, shape (joints,).

    Returns:
        Shape (joints,), rad/s or m/s; for the tool at most |twist| / STOP_BELOW in each singular
        direction, for the posture at most as much again. What the arm cannot produce is left out.
    """
    u, singular, vt = np.linalg.svd(jacobian_at(positions), full_matrices=False)
    shares = u.T @ twist
    gains = 1.0 / np.maximum(singular, STOP_BELOW)
    here = float(np.prod(singular))
    for i in np.flatnonzero(singular < SLOW_BELOW):
        probe = positions + np.copysign(PROBE, shares[i]) * vt[i]
        if float(np.prod(np.linalg.svd(jacobian_at(probe), compute_uv=False))) < here:
            gains[i] = _fading(float(singular[i]))
    velocity: FloatArray = vt.T @ (gains * shares)
    return velocity + _towards(posture - positions, vt, float(np.linalg.norm(velocity)))


def _towards(way: FloatArray, vt: FloatArray, limit: float) -> FloatArray:
    """The part of a way that moves no tool (vt: directions that do), per second, to a limit."""
    free: FloatArray = POSTURE_PER_S * (way - vt.T @ (vt @ way))
    speed = float(np.linalg.norm(free))
    return free * (limit / speed) if speed > limit else free


def _fading(singular: float) -> float:
    """Gain of a direction into the singularity: 1 / SLOW_BELOW there, 0 at STOP_BELOW."""
    share = (singular - STOP_BELOW) / (SLOW_BELOW - STOP_BELOW)
    return max(share, 0.0) / SLOW_BELOW
