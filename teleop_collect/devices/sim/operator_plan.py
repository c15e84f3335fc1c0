"""What the scripted operator is going to do: a joint trajectory, for follower and leader."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from teleop_collect.devices.sim.pick_and_place import IntendedOutcome
from teleop_collect.rig.config import Arm, JointMapping
from teleop_collect.samples import FloatArray

RATE_HZ = 100
"""Rate at which trajectories are sampled."""


@dataclass(frozen=True)
class OperatorPlan:
    """One attempt at the task.

    Attributes:
        arm: name of the arm that performs.
        config: that arm in the rig file.
        seed: what the attempt was drawn from.
        intended_outcome: what the operator makes of it.
        positions: follower positions in rad or m, shape (n, joints), columns as `config.joints`,
            rows 1 / `RATE_HZ` s apart. First and last row are the arm's home.
    """

    arm: str
    config: Arm
    seed: int
    intended_outcome: IntendedOutcome
    positions: FloatArray

    @property
    def duration_s(self) -> float:
        """Time from first to last row, s."""
        return (len(self.positions) - 1) / RATE_HZ

    def position_at(self, t_s: float) -> dict[str, float]:
        """Follower positions by joint name at a time after the start; held before and after."""
        row = min(max(t_s, 0.0), self.duration_s) * RATE_HZ
        low = int(row)
        high = min(low + 1, len(self.positions) - 1)
        values = self.positions[low] + (row - low) * (self.positions[high] - self.positions[low])
        return dict(zip(self.config.joints, values.tolist(), strict=True))

    def follower_trajectory(self) -> dict[str, Any]:
        """`{"rate_hz", "joints", "positions"}` in follower units, plain values for JSON."""
        return {
            "rate_hz": RATE_HZ,
            "joints": list(self.config.joints),
            "positions": self.positions.tolist(),
        }

    def leader_trajectories(self) -> dict[str, dict[str, Any]]:
        """What the operator's hand does to each leader that moves, keyed by arm.

        As `follower_trajectory`, in leader joints and leader units.
        """
        names, positions = leader_positions(self.config, self.positions)
        trajectory = {"rate_hz": RATE_HZ, "joints": names, "positions": positions.tolist()}
        return {self.arm: trajectory}


def leader_positions(arm: Arm, follower: FloatArray) -> tuple[list[str], FloatArray]:
    """Leader positions that teleoperation maps to given follower positions.

    Inverse of follower = sign * scale * leader + offset.

    Args:
        arm: the arm with its mapping.
        follower: shape (n, joints), columns as `arm.joints`.

    Returns:
        Leader joint names and their positions, shape (n, joints).
    """
    entries = [arm.mapping.get(joint, JointMapping()) for joint in arm.joints]
    names = [entry.leader_joint or joint for entry, joint in zip(entries, arm.joints, strict=True)]
    factors = np.array([entry.sign * entry.scale for entry in entries])
    offsets = np.array([entry.offset for entry in entries])
    return names, (follower - offsets) / factors
