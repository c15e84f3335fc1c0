"""Collision distance: the arm slows down near itself and the table, and stops before it touches.

Distances (m) are exact for the shapes of the URDF. They are judged at the posture in which the arm
would come to rest. MoveIt Servo slows down below 0.01 m to itself and 0.02 m to its scene.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from teleop_collect.samples import FloatArray
from teleop_collect.teleop.arm_step import ArmStep
from teleop_collect.teleop.collision_geometry import CollisionGeometry
from teleop_collect.teleop.guard import clearance_share
from teleop_collect.teleop.limiter_bits import LimiterBits


class PairDistance:
    """The smallest distance of some pairs of links.

    It is computed only when some pair may have come near since the last time: two links come no
    nearer than the sum of the motions of the joints between them, each times its reach.

    Args:
        geometry: shapes.
        pairs: of links, at least one.
        near: below this the distance itself is computed, m.

    Attributes:
        computed: how many times it was.
        reach: by joint, how much nearer any two links may come when it moves by 1 rad (or 1 m), m.
    """

    def __init__(
        self, geometry: CollisionGeometry, pairs: Sequence[tuple[str, str]], near: float
    ) -> None:
        self.computed = 0
        self._geometry = geometry
        self._near = near
        self._model: Any = geometry.geometry(pairs)
        self._data: Any = self._model.createData()
        self._kinematics: Any = geometry.model.createData()
        self._pairs = [self._links(pair) for pair in self._model.collisionPairs]
        self._reach = np.array([geometry.reach(pair) for pair in self._pairs])
        self.reach: list[float] = self._reach.max(axis=0).tolist()
        self._posture: FloatArray | None = None
        self._distances: FloatArray = np.zeros(0)

    def __call__(self, posture: Sequence[float]) -> tuple[float, str]:
        """Distance at a posture or a lower bound that is not `near`, m; and between which links."""
        asked = np.asarray(posture, dtype=np.float64)
        if self._posture is not None:
            bound = float((self._distances - self._reach @ np.abs(asked - self._posture)).min())
            if bound >= self._near:
                return bound, ""
        return self._compute(asked)

    def is_far(self, start: Sequence[float], end: Sequence[float]) -> bool:
        """Whether all postures between two are known to leave more than `near`, uncomputed."""
        if self._posture is None:
            return False
        away = np.maximum(
            np.abs(np.asarray(start) - self._posture), np.abs(np.asarray(end) - self._posture)
        )
        return bool((self._distances - self._reach @ away).min() >= self._near)

    def _compute(self, posture: FloatArray) -> tuple[float, str]:
        geometry = self._geometry
        self.computed += 1
        geometry.pin.computeDistances(
            geometry.model,
            self._kinematics,
            self._model,
            self._data,
            geometry.configuration(posture.tolist()),
        )
        results = self._data.distanceResults
        self._distances = np.array([result.min_distance for result in results])
        self._posture = posture
        nearest = int(self._distances.argmin())
        distance = float(self._distances[nearest])
        first, second = self._pairs[nearest]
        return distance, f"{first} is {distance:.4f} m from {second}"

    def _links(self, pair: Any) -> tuple[str, str]:
        objects = self._model.geometryObjects
        first, second = (objects[i].name.partition(":")[0] for i in (pair.first, pair.second))
        return first, second


class CollisionLimit:
    """Keeps a smallest distance.

    Args:
        joints: indices of all joints with shapes behind them.
        arm: those of them whose speed is reduced near an obstacle; a gripper closes at its own.
        distance: of a posture.
        slow_m: from here on the arm is slowed down.
        stop_m: it comes no nearer than this.
    """

    bit = LimiterBits.COLLISION

    def __init__(
        self,
        joints: Sequence[int],
        arm: Sequence[int],
        distance: PairDistance,
        slow_m: float,
        stop_m: float,
    ) -> None:
        self.joints = tuple(joints)
        self._arm = tuple(arm)
        self.text = ""
        self.distance = distance
        self._slow_m = slow_m
        self.stop_m = stop_m

    def share(self, step: ArmStep) -> float:
        """See `Guard.share`."""
        self.text = ""
        if self.distance.is_far(step.positions, step.rest(self.joints)):
            return 1.0
        share, text = clearance_share(
            step,
            self.joints,
            self.distance,
            self._slow_m,
            self.stop_m,
            self.distance.reach,
            self._arm,
        )
        self.text = text and f"{text}, slow below {self._slow_m:g} m, stop at {self.stop_m:g} m"
        return share
