"""Leader and follower as a person holds them in the same posture, for the rig check to compare."""

import time

import numpy as np

from teleop_collect.clock import NS_PER_S, Clock
from teleop_collect.errors import CheckFailed
from teleop_collect.nodes.host import Host
from teleop_collect.nodes.rig_check_arm import ArmWatch
from teleop_collect.rig.checks.motion import PosePair
from teleop_collect.rig.config import Rig, SpaceMouseLeader

HEARD_TIMEOUT_S = 3.0
STILL_S = 0.5
POLL_S = 0.02
MAX_AGE_S = 600.0
"""Postures that belong to one comparison are taken within this time."""


class HeldPoses:
    """Postures taken so far, by arm; comparing them uses them up.

    Args:
        host: the process's ROS side.
        rig: the rig.
        clock: for their age.
    """

    def __init__(self, host: Host, rig: Rig, clock: Clock) -> None:
        self._host, self._rig, self._clock = host, rig, clock
        self._taken: list[tuple[int, dict[str, PosePair]]] = []

    def capture(self) -> str:
        """Take every arm with a leader arm, which a person holds still.

        Raises:
            CheckFailed: a leader or follower is not heard, or moves.
        """
        found: dict[str, PosePair] = {}
        for name, arm in self._rig.arms.items():
            if isinstance(arm.leader, SpaceMouseLeader):
                continue
            watch = ArmWatch(self._host.node, arm)
            try:
                found[name] = self._held(watch, name)
            finally:
                watch.close()
        now_ns = self._clock.monotonic_ns()
        oldest_ns = now_ns - round(MAX_AGE_S * NS_PER_S)
        self._taken = [(at, pose) for at, pose in self._taken if at >= oldest_ns]
        self._taken.append((now_ns, found))
        return f"{len(self._taken)} postures taken"

    def use_up(self) -> dict[str, tuple[PosePair, ...]]:
        """The postures by arm; forgets them."""
        taken, self._taken = self._taken, []
        names = {name for _, poses in taken for name in poses}
        return {n: tuple(poses[n] for _, poses in taken if n in poses) for n in sorted(names)}

    def _held(self, watch: ArmWatch, arm: str) -> PosePair:
        """Leader and follower at rest for half a second."""
        seen: list[PosePair] = []
        start_s = time.monotonic()
        end_s = start_s + HEARD_TIMEOUT_S
        while time.monotonic() < end_s:
            for _ in watch.poll():
                pass
            if (pair := watch.pose_pair()) is not None:
                end_s = end_s if seen else time.monotonic() + STILL_S
                seen.append(pair)
            time.sleep(POLL_S)
        if not seen:
            raise CheckFailed(f"arm '{arm}': leader or follower is silent; start its driver")
        self._refuse_restless(seen, arm)
        return seen[-1]

    def _refuse_restless(self, seen: list[PosePair], arm: str) -> None:
        limit = self._rig.check.joint_tolerance_rad / 2
        for side in ("leader", "follower"):
            poses = [getattr(pair, side) for pair in seen]
            for joint in seen[-1].leader:
                moved = float(np.ptp([pose.get(joint, np.nan) for pose in poses]))
                if not moved <= limit:
                    raise CheckFailed(
                        f"arm '{arm}': {joint} of the {side} moved by {moved:.3f} within "
                        f"{STILL_S:g} s (limit {limit:.3f}); hold both still and try again"
                    )
