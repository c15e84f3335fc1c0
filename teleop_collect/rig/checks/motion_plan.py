"""Which way the test motion goes: one small step of each joint after the other, and back."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from teleop_collect.rig.description import JointBounds

STEP_S = 0.5
SETTLE_S = 0.25
"""After each step, for the follower to come to rest before it is looked at."""
REST_S = 0.4
"""At the first and the second posture, where forces are averaged."""
SHARE_OF_VELOCITY = 0.4
"""Of a joint's velocity limit that the motion may use."""
PEAK = 1.875
"""Highest velocity of a minimum-jerk step over its mean (Flash and Hogan, 1985)."""
MARGIN = 0.05
"""Share of a joint's range that is kept free at its ends."""


@dataclass(frozen=True)
class Stage:
    """Part of a motion: to `target` in `move_s`, then rest for `rest_s`.

    Attributes:
        joint: the one that moves; "" where none or all do.
        target: posture at the end, by joint.
        move_s: duration of the movement.
        rest_s: pause after it.
    """

    joint: str
    target: Mapping[str, float]
    move_s: float
    rest_s: float


@dataclass(frozen=True)
class MotionPlan:
    """Stages, the first of which rests at the posture where the arm is."""

    stages: tuple[Stage, ...]

    @classmethod
    def of(
        cls,
        base: Mapping[str, float],
        bounds: Mapping[str, JointBounds],
        linear: frozenset[str],
        step_rad: float,
    ) -> "MotionPlan":
        """The motion of an arm.

        Args:
            base: measured posture by joint, rad or m.
            bounds: of each joint.
            linear: prismatic joints; they go to the farther end of their range.
            step_rad: how far each other joint moves, towards the middle of its range.
        """
        posture = dict(base)
        stages = [Stage("", dict(base), 0.0, REST_S)]
        for joint, start in base.items():
            target = _target(start, bounds[joint], joint in linear, step_rad)
            if target == start:
                continue
            posture = {**posture, joint: target}
            move_s = _duration_s(abs(target - start), bounds[joint].velocity)
            stages.append(Stage(joint, posture, move_s, SETTLE_S))
        stages.append(Stage("", posture, 0.0, REST_S))
        back_s = max(stage.move_s for stage in stages)
        return cls((*stages, Stage("", dict(base), max(back_s, 2 * STEP_S), SETTLE_S)))

    @property
    def duration_s(self) -> float:
        """From begin to end."""
        return sum(stage.move_s + stage.rest_s for stage in self.stages)

    def ends_s(self) -> tuple[float, ...]:
        """When each stage is over."""
        ends, now = [], 0.0
        for stage in self.stages:
            now += stage.move_s + stage.rest_s
            ends.append(now)
        return tuple(ends)

    def wish(self, t_s: float) -> dict[str, float]:
        """Posture asked for at a time after the begin."""
        before: Mapping[str, float] = self.stages[0].target
        for stage in self.stages:
            if t_s < stage.move_s + stage.rest_s:
                share = _minimum_jerk(t_s / stage.move_s) if stage.move_s else 1.0
                return {j: p + (stage.target[j] - p) * share for j, p in before.items()}
            t_s -= stage.move_s + stage.rest_s
            before = stage.target
        return dict(before)


def _target(start: float, bounds: JointBounds, linear: bool, step: float) -> float:
    if linear and math.isfinite(bounds.lower) and math.isfinite(bounds.upper):
        margin = MARGIN * (bounds.upper - bounds.lower)
        ends = (bounds.lower + margin, bounds.upper - margin)
        return max(ends, key=lambda end: abs(end - start))
    if linear:
        return start
    if not (math.isfinite(bounds.lower) and math.isfinite(bounds.upper)):
        return start + step
    middle = (bounds.lower + bounds.upper) / 2
    step = min(step, (bounds.upper - bounds.lower) / 4)
    return start - step if start > middle else start + step


def _duration_s(travel: float, velocity: float) -> float:
    if not math.isfinite(velocity):
        return STEP_S
    return max(STEP_S, PEAK * travel / (SHARE_OF_VELOCITY * velocity))


def _minimum_jerk(share: float) -> float:
    """Progress of a minimum-jerk step, 0 to 1."""
    s = min(max(share, 0.0), 1.0)
    return s**3 * (10 - 15 * s + 6 * s**2)
