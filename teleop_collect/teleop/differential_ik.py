"""Joint velocities for a tool velocity, bounded near singular postures. Pure."""

import numpy as np

from teleop_collect.samples import FloatArray

SINGULAR_VALUE = 0.05
"""Below this singular value of the Jacobian (m and rad taken together) a direction is damped: one
unit of tool velocity asks for no more than 20 units of joint velocity anywhere. Arms of 0.5 to 1 m
reach have values of 0.1 and more in ordinary postures."""


def joint_velocity(jacobian: FloatArray, twist: FloatArray) -> FloatArray:
    """Damped least squares: exact where the arm can, slower only in directions that it is losing.

    Each singular direction has a damping of its own (numerical filtering: Maciejewski and Klein,
    "Numerical filtering for the operation of robotic manipulators through kinematically singular
    configurations", 1988). Its gain s / (s^2 + d^2), with d^2 = e^2 - s^2 below the threshold e
    and 0 above, is 1 / s above and s / e^2 below: continuous, and never more than 1 / e.

    Args:
        jacobian: shape (6, joints), linear rows first.
        twist: shape (6,), linear (m/s) and angular (rad/s) in the Jacobian's frame.

    Returns:
        Shape (joints,), rad/s or m/s. Velocities that the arm cannot produce at all are left out.
    """
    u, singular, vt = np.linalg.svd(jacobian, full_matrices=False)
    gain = np.where(
        singular >= SINGULAR_VALUE,
        1.0 / np.maximum(singular, SINGULAR_VALUE),
        singular / SINGULAR_VALUE**2,
    )
    velocity: FloatArray = vt.T @ (gain * (u.T @ twist))
    return velocity
