"""How a person picks a cube and puts it into a bin: the path of the tool, drawn from a seed.

The tool points down, give or take a small tilt. Its path has the coordinates of `ToolCoordinate`
in the arm's base: cylindrical ones, because a person swings an arm around its base, and they keep
a straight sweep between two places from cutting through the robot.
"""

import math
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np

from teleop_collect.devices.sim.min_jerk import SubmovementTrack
from teleop_collect.samples import FloatArray


class IntendedOutcome(StrEnum):
    """What the operator is going to make of an attempt."""

    SUCCESS = "success"
    GRASP_MISSED = "grasp_missed"
    """Closes the gripper beside the cube."""
    DROPPED = "dropped"
    """Lets go on the way to the bin."""
    BIN_MISSED = "bin_missed"
    """Lets go beside the bin."""


FAILURES = (IntendedOutcome.GRASP_MISSED, IntendedOutcome.DROPPED, IntendedOutcome.BIN_MISSED)


class ToolCoordinate(IntEnum):
    """Columns of a tool path: radius, height and finger in m, the angles in rad.

    The tilts turn the tool about its own x and y axes.
    """

    RADIUS = 0
    AZIMUTH = 1
    HEIGHT = 2
    YAW = 3
    TILT_X = 4
    TILT_Y = 5
    FINGER = 6


@dataclass(frozen=True)
class Place:
    """Where something stands in the arm's base frame: m, rad."""

    x: float
    y: float
    z: float
    yaw: float

    def moved(self, dx: float, dy: float) -> "Place":
        """The same place, shifted."""
        return Place(self.x + dx, self.y + dy, self.z, self.yaw)


QUARTER_TURN = math.pi / 2
BESIDE_CUBE_M = (0.043, 0.055)
"""Half a cube and half a finger's width are 0.033 m."""
BESIDE_BIN_M = (0.14, 0.16)
"""Half the bin and half a cube's diagonal are 0.114 m."""
WANDER_M, WANDER_RAD = 0.0008, 0.02
WANDER_FADE_S = 1.0


@dataclass(frozen=True)
class Hand:
    """Where the tool rests before and after: the coordinates at home, shape (7,)."""

    home: FloatArray
    finger_open: float


class PickAndPlace:
    """Plans one attempt.

    Args:
        hand: the tool at rest.
        cube: origin of the cube.
        bin_place: origin of the bin.
        outcome: what the attempt comes to.
        rng: draws what differs from attempt to attempt.
    """

    def __init__(
        self,
        hand: Hand,
        cube: Place,
        bin_place: Place,
        outcome: IntendedOutcome,
        rng: np.random.Generator,
    ) -> None:
        self._hand, self._cube, self._bin = hand, cube, bin_place
        self._outcome, self._rng = outcome, rng
        self._tempo = float(rng.uniform(0.85, 1.2))
        self._carry_z = float(rng.uniform(0.16, 0.21))
        self._track = SubmovementTrack(hand.home)

    def path(self) -> tuple[float, SubmovementTrack]:
        """Duration, s, and the tool's coordinates over time."""
        self._wait(0.3, 0.8)
        self._approach()
        self._grasp()
        if self._outcome is IntendedOutcome.GRASP_MISSED:
            self._wait(0.5, 1.2)
        else:
            self._carry_and_release()
        self._return_home()
        return self._track.now_s, self._track

    def _approach(self) -> None:
        """Over the cube, then down, with the yaw of its nearest side."""
        cube = self._aimed_cube()
        yaw = nearest_quarter_turn(cube.yaw, self._hand.home[ToolCoordinate.YAW])
        yaw += float(self._rng.normal(0, 0.03))
        above = cube.z + float(self._rng.uniform(0.07, 0.11))
        finger = self._hand.finger_open * float(self._rng.uniform(0.9, 1.0))
        self._reach(cube, above, yaw, finger, self._seconds(1.6, 2.3))
        self._wait(0.0, 0.7)
        grasp_z = cube.z + float(self._rng.uniform(-0.003, 0.006))
        self._reach(cube, grasp_z, yaw, finger, self._seconds(1.0, 1.5))

    def _aimed_cube(self) -> Place:
        """Where the operator takes the cube to be."""
        dx, dy = self._rng.normal(0, 0.0015, 2)
        if self._outcome is IntendedOutcome.GRASP_MISSED:
            # Across the closing direction, so the open fingers come down free of the cube.
            yaw = nearest_quarter_turn(self._cube.yaw, self._hand.home[ToolCoordinate.YAW])
            offset = float(self._rng.uniform(*BESIDE_CUBE_M)) * float(self._rng.choice([-1, 1]))
            dx, dy = offset * math.cos(yaw), offset * math.sin(yaw)
        return self._cube.moved(float(dx), float(dy))

    def _grasp(self) -> None:
        """Close, feel, lift."""
        self._wait(0.1, 0.35)
        self._fingers(float(self._rng.uniform(0.002, 0.008)), self._seconds(0.55, 0.8))
        self._wait(0.15, 0.4)
        self._rise(self._carry_z)

    def _carry_and_release(self) -> None:
        """Swing to the place of release, let go, and rise again."""
        target, way = self._release_place(), 1.0
        if self._outcome is IntendedOutcome.DROPPED:
            way = float(self._rng.uniform(0.3, 0.5))
        goal = self._goal_at(target, self._carry_z, float(self._rng.normal(0, 0.15)))
        start = self._track.goal
        swing = start + way * (goal - start)
        swing[ToolCoordinate.FINGER] = start[ToolCoordinate.FINGER]
        self._go(swing, self._seconds(1.7, 2.4), self._seconds(0.2, 0.4))
        self._wait(0.0, 0.5)
        if self._outcome is not IntendedOutcome.DROPPED:
            lower = self._track.goal
            lower[ToolCoordinate.HEIGHT] = self._bin.z + float(self._rng.uniform(0.1, 0.125))
            self._go(lower, self._seconds(0.6, 0.9))
        self._wait(0.05, 0.3)
        opening = self._hand.finger_open * float(self._rng.uniform(0.85, 1.0))
        self._fingers(opening, self._seconds(0.5, 0.7))
        self._wait(0.2, 0.5)
        self._rise(self._carry_z + 0.02)

    def _release_place(self) -> Place:
        """Somewhere over the bin's middle, or beside the bin."""
        if self._outcome is not IntendedOutcome.BIN_MISSED:
            dx, dy = self._rng.uniform(-0.02, 0.02, 2)
            return self._bin.moved(float(dx), float(dy))
        towards_cube = math.atan2(self._cube.y - self._bin.y, self._cube.x - self._bin.x)
        angle = towards_cube + float(self._rng.uniform(-0.4, 0.4))
        distance = float(self._rng.uniform(*BESIDE_BIN_M))
        return self._bin.moved(distance * math.cos(angle), distance * math.sin(angle))

    def _return_home(self) -> None:
        """Back to rest, and a moment for things to settle."""
        self._go(self._hand.home, self._seconds(1.6, 2.2), self._seconds(0.1, 0.3))
        self._wait(0.5, 0.8)

    def _goal_at(self, place: Place, z: float, yaw: float) -> FloatArray:
        """Tool coordinates over a place, fingers as they are."""
        goal = self._track.goal
        goal[ToolCoordinate.RADIUS] = math.hypot(place.x, place.y)
        goal[ToolCoordinate.AZIMUTH] = math.atan2(place.y, place.x)
        goal[ToolCoordinate.HEIGHT] = z
        goal[ToolCoordinate.YAW] = yaw
        return goal

    def _reach(self, place: Place, z: float, yaw: float, finger: float, duration_s: float) -> None:
        """Aimed movement: falls a little short, then corrects, as people do."""
        start, goal = self._track.goal, self._goal_at(place, z, yaw)
        goal[ToolCoordinate.FINGER] = finger
        short = float(self._rng.uniform(0.92, 0.98))
        self._go(start + short * (goal - start), duration_s)
        correction_s = self._seconds(0.4, 0.6)
        self._go(goal, correction_s, 0.5 * correction_s)

    def _rise(self, height: float) -> None:
        goal = self._track.goal
        goal[ToolCoordinate.HEIGHT] = height
        self._go(goal, self._seconds(0.8, 1.2))

    def _fingers(self, opening: float, duration_s: float) -> None:
        goal = self._track.goal
        goal[ToolCoordinate.FINGER] = opening
        self._go(goal, duration_s)

    def _go(self, goal: FloatArray, duration_s: float, overlap_s: float = 0.0) -> None:
        self._track.move(goal, duration_s, overlap_s)

    def _seconds(self, least: float, most: float) -> float:
        return float(self._rng.uniform(least, most)) * self._tempo

    def _wait(self, least: float, most: float) -> None:
        self._track.wait(self._seconds(least, most))


def nearest_quarter_turn(yaw: float, reference: float) -> float:
    """The yaw of a cube's side nearest to a reference: equal modulo a quarter turn."""
    return yaw + QUARTER_TURN * round((reference - yaw) / QUARTER_TURN)


def wander(times_s: FloatArray, duration_s: float, rng: np.random.Generator) -> FloatArray:
    """What a hand adds unasked: slow drift of under a millimetre, a degree of tilt.

    Args:
        times_s: sample times, shape (n,).
        duration_s: end of the movement.
        rng: draws frequencies and phases.

    Returns:
        Offsets to the tool's coordinates, shape (n, 7); none at start and end, and none for the
        fingers.
    """
    scale = np.array([WANDER_M, WANDER_M, WANDER_M, WANDER_RAD, WANDER_RAD, WANDER_RAD, 0.0])
    frequency_hz = rng.uniform(0.15, 1.1, (3, len(scale)))
    phase = rng.uniform(0, 2 * np.pi, (3, len(scale)))
    waves = np.sin(2 * np.pi * frequency_hz * times_s[:, None, None] + phase).mean(axis=1)
    fade = np.clip(np.minimum(times_s, duration_s - times_s) / WANDER_FADE_S, 0, 1)
    smooth: FloatArray = (fade * fade * (3 - 2 * fade))[:, None]
    return np.asarray(waves * scale * smooth, dtype=float)
