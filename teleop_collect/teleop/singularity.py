"""Singularity scaling: a tool that is commanded slows down where it cannot go in some direction.

Measured by the smallest singular value of the tool's Jacobian (m and rad taken together), with the
two thresholds of `differential_ik`. MoveIt Servo scales by the condition number (17 slow, 30 stop)
and, as here, leaves the way out of a singularity free.
"""

from collections.abc import Callable, Sequence

import numpy as np

from teleop_collect.samples import FloatArray
from teleop_collect.teleop.arm_step import ArmStep
from teleop_collect.teleop.differential_ik import SLOW_BELOW, STOP_BELOW
from teleop_collect.teleop.guard import clearance_share
from teleop_collect.teleop.limiter_bits import LimiterBits


class SingularityScaling:
    """Slows an arm down on its way into a singular posture.

    Args:
        joints: indices of the joints that move the tool.
        jacobian: of a posture (rad or m by joint), shape (6, joints).
    """

    bit = LimiterBits.SINGULARITY

    def __init__(
        self, joints: Sequence[int], jacobian: Callable[[Sequence[float]], FloatArray]
    ) -> None:
        self.joints = tuple(joints)
        self.text = ""
        self._jacobian = jacobian

    def share(self, step: ArmStep) -> float:
        """See `Guard.share`."""
        share, self.text = clearance_share(
            step, self.joints, self.clearance, SLOW_BELOW, STOP_BELOW
        )
        return share

    def clearance(self, posture: Sequence[float]) -> tuple[float, str]:
        """The smallest singular value, and what it means."""
        smallest = float(np.linalg.svd(self._jacobian(posture), compute_uv=False)[-1])
        return smallest, (
            f"smallest singular value of the tool's Jacobian {smallest:.4f}, slow below "
            f"{SLOW_BELOW:g}, stop below {STOP_BELOW:g}"
        )
