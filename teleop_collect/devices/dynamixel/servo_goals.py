"""Where each servo of a follower is to be: within its limits, and led there without a jump."""

import math
from collections.abc import Mapping

from teleop_collect.clock import NS_PER_S, Clock
from teleop_collect.devices.dynamixel import models
from teleop_collect.devices.dynamixel.facts import ServoFacts
from teleop_collect.devices.dynamixel.models import Item, OperatingMode
from teleop_collect.devices.dynamixel.motor_start import MotorState, resting_goal
from teleop_collect.devices.dynamixel.ramps import GoalRamp
from teleop_collect.devices.dynamixel.scaling import JointScaling
from teleop_collect.devices.dynamixel.servo_chain import ChainReading
from teleop_collect.errors import ConfigError


class ServoGoals:
    """Goals in ticks by servo id.

    Args:
        joints: joint names by servo id.
        scalings: by servo id.
        wanted: settings by servo id (see `settings.wanted_settings`).
        facts: by servo id; filled by whoever owns the servos, before goals are asked for.
        ramp_s: for how long after `lead_from_here` requests count in part.
        clock: what the ramp follows.

    Attributes:
        current: the goals as they were last sent.
        last_clamp: what the last request asked beyond a servo's own limits; empty when nothing.
    """

    def __init__(
        self,
        joints: Mapping[int, str],
        scalings: Mapping[int, JointScaling],
        wanted: Mapping[int, Mapping[Item, int]],
        facts: Mapping[int, ServoFacts],
        ramp_s: float,
        clock: Clock,
    ) -> None:
        self.current: dict[int, int] = {}
        self.last_clamp = ""
        self._id_of = {joint: servo_id for servo_id, joint in joints.items()}
        self._scalings, self._facts, self._clock = scalings, facts, clock
        self._mode = {i: settings[models.OPERATING_MODE] for i, settings in wanted.items()}
        self._ramp = GoalRamp(ramp_s)

    def refuse_unusable(self, positions: Mapping[str, float]) -> None:
        """Raise for goals of which none may be sent.

        Raises:
            ConfigError: a joint is not known or a position is not finite.
        """
        for joint, position in positions.items():
            if joint not in self._id_of:
                raise ConfigError(
                    f"no joint {joint!r} on this follower; it has {', '.join(self._id_of)}"
                )
            if not math.isfinite(position):
                raise ConfigError(f"joint {joint}: goal {position} is not finite; nothing sent")

    def lead_from_here(self) -> None:
        """Begin the ramp at the current goals."""
        self._ramp.start(self.current, self._clock.monotonic_ns())

    def requested(self, positions: Mapping[str, float]) -> dict[int, int]:
        """Goals for a request in joint units, by joint name."""
        now_ns = self._clock.monotonic_ns()
        goals = {}
        self.last_clamp = ""
        for joint, position in positions.items():
            servo_id = self._id_of[joint]
            request = self._scalings[servo_id].ticks(position)
            wanted = round(self._ramp.at(servo_id, request, now_ns))
            goals[servo_id] = self.bounded(servo_id, wanted)
            if goals[servo_id] != wanted:
                self.last_clamp = (
                    f"joint {joint}: {wanted} ticks asked, {goals[servo_id]} sent (servo's limit)"
                )
        return goals

    def resting(self, reading: ChainReading) -> dict[int, int]:
        """Goals that stop what moves and let what rests keep its goal."""
        age_s = max(0, self._clock.utc_ns() - reading.stamp_ns) / NS_PER_S
        goals = {}
        for servo_id, servo in reading.servos.items():
            state = MotorState(self.current[servo_id], servo.velocity_units, servo.ticks)
            grips = self._mode[servo_id] == OperatingMode.CURRENT_BASED_POSITION
            goals[servo_id] = self.bounded(servo_id, resting_goal(state, grips=grips, age_s=age_s))
        return goals

    def standing(self, reading: ChainReading) -> dict[int, int]:
        """Goals where every servo was read."""
        return {i: self.bounded(i, servo.ticks) for i, servo in reading.servos.items()}

    def bounded(self, servo_id: int, ticks: int) -> int:
        """A goal within the servo's own position limits, where its mode heeds them."""
        if self._mode[servo_id] != OperatingMode.POSITION:
            return ticks
        facts = self._facts[servo_id]
        return max(facts.min_position_ticks, min(facts.max_position_ticks, ticks))
