"""Whether the follower does what it is sent: a joint that stays behind for long is a fault.

A follower that lost torque, is blocked, or takes its joints in another order does not come to where
it was sent; without this the command would wander away from it and the arm would jump later.
"""

from collections.abc import Sequence

from teleop_collect.clock import NS_PER_S
from teleop_collect.rig.config import Tracking
from teleop_collect.teleop.bounds import SoftBounds


class TrackingWatch:
    """Compares the follower's measured positions with the commands.

    Args:
        joints: names, in the order of all positions.
        bounds: by joint.
        tracking: tolerances, time and joints that are free to stay behind.
    """

    def __init__(
        self, joints: Sequence[str], bounds: Sequence[SoftBounds], tracking: Tracking
    ) -> None:
        self._joints = tuple(joints)
        self._units = [b.unit for b in bounds]
        self._tolerances = [
            tracking.tolerance_m if b.unit == "m" else tracking.tolerance_rad for b in bounds
        ]
        self._watched = [i for i, joint in enumerate(joints) if joint not in tracking.free_joints]
        self._after_s = tracking.after_s
        self._since_ns: list[int | None] = [None] * len(self._joints)

    def forget(self) -> None:
        """Start again, as when the command starts anew."""
        self._since_ns = [None] * len(self._joints)

    def is_behind(self) -> bool:
        """Whether some joint is beyond its tolerance now."""
        return any(since is not None for since in self._since_ns)

    def problem(self, sent: Sequence[float], measured: Sequence[float], now_ns: int) -> str | None:
        """The joint that has been too far behind for too long, in words; None when none has.

        Args:
            sent: last command, rad or m.
            measured: newest follower positions, rad or m.
            now_ns: monotonic time, ns.
        """
        for i in self._watched:
            if abs(sent[i] - measured[i]) <= self._tolerances[i]:
                self._since_ns[i] = None
                continue
            since_ns = self._since_ns[i]
            if since_ns is None:
                self._since_ns[i] = now_ns
            elif (now_ns - since_ns) / NS_PER_S >= self._after_s:
                unit = self._units[i]
                return (
                    f"joint {self._joints[i]}: sent {sent[i]:.4f} {unit}, follower is at "
                    f"{measured[i]:.4f} {unit} for {self._after_s:g} s, tolerance "
                    f"{self._tolerances[i]:g} {unit}; it does not move as it is told"
                )
        return None
