"""A follower arm of Dynamixel servos: follows goals, holds when in doubt, never jumps or drops."""

import contextlib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from teleop_collect.clock import NS_PER_S, Clock
from teleop_collect.devices.dynamixel import models
from teleop_collect.devices.dynamixel.facts import ServoFacts, read_facts, read_health
from teleop_collect.devices.dynamixel.models import WATCHDOG_TRIPPED, OperatingMode
from teleop_collect.devices.dynamixel.motor_start import MotorState, resting_goal, start_motor
from teleop_collect.devices.dynamixel.ramps import GoalRamp, TorqueRamp
from teleop_collect.devices.dynamixel.servo_chain import ChainReading, MissingAnswers, ServoChain
from teleop_collect.devices.dynamixel.settings import check_settings, wanted_settings
from teleop_collect.errors import ConfigError, DeviceDisconnected, DeviceError, DeviceTimeout
from teleop_collect.rig.config import DynamixelFollower as FollowerConfig
from teleop_collect.rig.description import JointBounds
from teleop_collect.samples import JointSample

EXAMINE_NS = 50_000_000
"""Between two looks at one servo's torque, alerts and watchdog, in turn."""
SUSPECT_READS = 2
MAX_WATCHDOG_UNITS = 127


@dataclass
class FollowerCounters:
    """What happened since the start.

    Attributes:
        watchdog_trips: how often the servos' own watchdogs had stopped the arm.
        restarts: servos that had lost torque and were started again.
        held_commands: commands not sent because the arm was being recovered.
    """

    watchdog_trips: int = 0
    restarts: int = 0
    held_commands: int = 0


class DynamixelFollower:
    """Implements `devices.protocols.FollowerArm`.

    While some servo does not answer, the others hold; what has lost torque is started again
    without a jump. The servos' bus watchdog stops the arm when this process stalls or dies.

    Args:
        config: the follower of the rig file.
        port_path: device to open (see `rig.runtime.device_path`).
        clock: source of stamps.
        bounds: where the rig lets each joint go; the servos' own limits must not be wider. Joints
            not named are not compared.

    Raises:
        MissingExtraError: dynamixel_sdk is not installed.
        ConfigError: no servos, an id twice, an unknown model, a scale of 0, or a mode or current
            that a model does not have.
    """

    def __init__(
        self,
        config: FollowerConfig,
        port_path: str,
        clock: Clock,
        bounds: Mapping[str, JointBounds] | None = None,
    ) -> None:
        self.counters = FollowerCounters()
        self._config = config
        self._clock = clock
        self._bounds = dict(bounds or {})
        self._chain = ServoChain(config.servos, port_path, config.baud, config.rate_hz, clock)
        self._id_of = {joint: servo.id for joint, servo in config.servos.items()}
        self._wanted = {
            servo.id: wanted_settings(joint, servo, self._chain.models[servo.id])
            for joint, servo in config.servos.items()
        }
        units = round(config.bus_watchdog_s / models.WATCHDOG_UNIT_S)
        self._watchdog_units = max(1, min(MAX_WATCHDOG_UNITS, units))
        self._torque_ramp = TorqueRamp(config.torque_ramp_s)
        self._goal_ramp = GoalRamp(config.torque_ramp_s)
        self._facts: dict[int, ServoFacts] = {}
        self._goals: dict[int, int] = {}
        self._latest: ChainReading | None = None
        self._suspects: set[int] = set()
        self._failed_reads = 0
        self._turn = 0
        self._examined_ns = 0
        self._spoken_ns: int | None = None

    @property
    def facts(self) -> Mapping[str, ServoFacts]:
        """Settings of the servos by joint name, as `connect` found them."""
        return {self._chain.joints[i]: facts for i, facts in self._chain.facts.items()}

    @property
    def recovering(self) -> bool:
        """Whether the arm holds because a servo is missing or in an unknown state."""
        return bool(self._suspects)

    def connect(self) -> None:
        """Open the port, check every servo, switch torque on where the arm is.

        An arm that already holds in the right modes is not let go.

        Raises:
            BusyError: another driver has the port.
            DeviceDisconnected: the port is not there.
            DeviceTimeout: a servo does not answer.
            DeviceError: a servo has the wrong model, calibration or limits, reports a hardware
                error, stands outside its limits, or the rate cannot be reached.
        """
        self._latest, self._spoken_ns = None, None
        self._suspects.clear()
        self._failed_reads = 0
        self._chain.open(self._check)
        try:
            for servo_id in self._chain.ids:
                self._start(servo_id)
            self._arm_watchdog()
        except DeviceError:
            self._chain.port.close()
            raise
        self._goal_ramp.start(self._goals, self._clock.monotonic_ns())

    def read(self) -> JointSample:
        """Read all joints in one exchange, and look after the servos.

        Returns:
            Position and velocity of every servo (joint units); effort (Nm or N, an estimate from
            the current) where all servos measure their current.

        Raises:
            DeviceTimeout: a servo did not answer whole and in time; nothing of the exchange is
                used. The arm holds until it answers again.
            DeviceError: a servo reports a hardware error; the arm holds.
            DeviceDisconnected: the port is gone.
        """
        return self._read(None)

    def exchange(self, positions: Mapping[str, float]) -> JointSample:
        """Read all joints and send goals in one turn of the bus: `read` and `command` at once.

        The goals are prepared while the answers are under way and leave right after them, so the
        bus waits less than with two calls. They leave too when an answer is missing.

        Raises:
            ConfigError: see `command`; nothing is sent or read.
            DeviceError: see `read`.
        """
        self._refuse_unusable(positions)
        return self._read(positions)

    def _read(self, positions: Mapping[str, float] | None) -> JointSample:
        self._suspect_after_silence()
        meanwhile = None if positions is None else partial(self._encode_goals, positions)
        try:
            reading = self._read_chain(meanwhile)
            if self._examine(reading):
                reading = self._read_chain()
        except (DeviceTimeout, DeviceDisconnected):
            raise
        except DeviceError:
            with contextlib.suppress(DeviceError):
                self.hold()
            raise
        self._raise_torque()
        return self._chain.sample(reading, effort=True)

    def command(self, positions: Mapping[str, float]) -> None:
        """Send goals in one packet; servos do not confirm it. Joints not named keep theirs.

        Goals beyond a servo's own position limits are cut there. Nothing is sent while the arm is
        being recovered: it holds.

        Args:
            positions: joint units by joint name.

        Raises:
            ConfigError: a joint is not known or a position is not finite; nothing is sent.
            DeviceDisconnected: the port is gone.
        """
        self._refuse_unusable(positions)
        self._suspect_after_silence()
        if self._suspects:
            self.counters.held_commands += 1
            return
        self._send_goals(self._requested(positions))
        self._raise_torque()

    def hold(self) -> None:
        """Stay: moving joints stop where they are by now, resting ones keep their goals.

        Raises:
            DeviceDisconnected: the port is gone.
        """
        if self._latest is None:
            return
        age_s = max(0, self._clock.utc_ns() - self._latest.stamp_ns) / NS_PER_S
        goals = {}
        for servo_id, servo in self._latest.servos.items():
            state = MotorState(self._goals[servo_id], servo.velocity_units, servo.ticks)
            goal = resting_goal(state, grips=self._grips(servo_id), age_s=age_s)
            goals[servo_id] = self._bounded(servo_id, goal)
        self._send_goals(goals)

    def close(self) -> None:
        """Hold or let go, as the rig file says, and release the port; safe to call twice.

        Holding keeps torque on without this process; the next `connect` takes the arm over.
        """
        release = self._config.on_exit == "release"
        with contextlib.suppress(DeviceError):
            if not release:
                self.hold()
        for servo_id in self._goals:
            with contextlib.suppress(DeviceError):
                self._chain.insist(servo_id, partial(self._leave, servo_id, release))
        self._chain.port.close()
        self._latest = None

    def _leave(self, servo_id: int, release: bool) -> None:
        self._chain.port.write(servo_id, models.BUS_WATCHDOG, 0)
        if release:
            self._chain.port.write(servo_id, models.TORQUE_ENABLE, 0)

    def _check(self, servo_id: int, facts: ServoFacts) -> None:
        joint = self._chain.joints[servo_id]
        servo, scaling = self._config.servos[joint], self._chain.scalings[servo_id]
        check_settings(self._chain.who(servo_id), servo, facts, scaling, self._bounds.get(joint))
        self._facts[servo_id] = facts

    def _start(self, servo_id: int) -> None:
        facts = self._facts[servo_id]
        now_ns = self._clock.monotonic_ns()
        first_pwm = self._torque_ramp.start(servo_id, facts.pwm_limit_units, now_ns)
        wanted, who = self._wanted[servo_id], self._chain.who(servo_id)
        self._goals[servo_id] = self._chain.insist(
            servo_id,
            lambda: start_motor(self._chain.port, servo_id, facts, wanted, first_pwm, who),
        )

    def _arm_watchdog(self) -> None:
        self._chain.port.sync_write(models.BUS_WATCHDOG, self._all(self._watchdog_units))
        self._spoken_ns = self._clock.monotonic_ns()

    def _requested(self, positions: Mapping[str, float]) -> dict[int, int]:
        now_ns = self._clock.monotonic_ns()
        goals = {}
        for joint, position in positions.items():
            servo_id = self._id_of[joint]
            request = self._chain.scalings[servo_id].ticks(position)
            ticks = round(self._goal_ramp.at(servo_id, request, now_ns))
            goals[servo_id] = self._bounded(servo_id, ticks)
        return goals

    def _encode_goals(self, positions: Mapping[str, float]) -> bytes:
        if self._suspects:
            self.counters.held_commands += 1
            return b""
        goals = self._requested(positions)
        self._goals.update(goals)
        return self._chain.port.encode_sync_write(models.GOAL_POSITION, goals)

    def _read_chain(self, meanwhile: Callable[[], bytes] | None = None) -> ChainReading:
        try:
            reading = self._chain.read(meanwhile)
        except MissingAnswers as error:
            self._on_missing(error.servo_ids)
            raise
        finally:
            self._spoken_ns = self._clock.monotonic_ns()
        self._latest, self._failed_reads = reading, 0
        return reading

    def _on_missing(self, servo_ids: tuple[int, ...]) -> None:
        """One lost answer is noise; from the second on the arm holds and the servo is suspect."""
        self._failed_reads += 1
        if self._failed_reads < SUSPECT_READS or not servo_ids:
            return
        if not self._suspects:
            self.hold()
        self._suspects.update(servo_ids)

    def _suspect_after_silence(self) -> None:
        """After a silence as long as the watchdog's, every servo may have stopped."""
        now_ns = self._clock.monotonic_ns()
        watchdog_ns = self._watchdog_units * models.WATCHDOG_UNIT_S * NS_PER_S
        if self._spoken_ns is not None and now_ns - self._spoken_ns >= watchdog_ns:
            self._suspects.update(self._chain.ids)

    def _examine(self, reading: ChainReading) -> bool:
        """Look at suspects, or at one servo in turn; True when something had to be recovered."""
        tripped, unguarded, limp = False, False, []
        for servo_id in self._to_examine():
            health = read_health(self._chain.port, servo_id)
            self._chain.check_healthy(servo_id, health.hardware_error)
            tripped = tripped or health.watchdog == WATCHDOG_TRIPPED
            unguarded = unguarded or health.watchdog != self._watchdog_units
            if not health.torque:
                limp.append(servo_id)
        if tripped or limp:
            self._suspects.update(self._chain.ids)
            self._recover(reading, limp, tripped)
        elif unguarded:
            # Servos do not confirm a sync write: the one that armed them may have been lost.
            self._arm_watchdog()
        self._suspects.clear()
        return tripped or bool(limp)

    def _to_examine(self) -> Iterable[int]:
        now_ns = self._clock.monotonic_ns()
        if self._suspects:
            return sorted(self._suspects)
        if now_ns - self._examined_ns < EXAMINE_NS:
            return ()
        self._examined_ns = now_ns
        self._turn = (self._turn + 1) % len(self._chain.ids)
        return (self._chain.ids[self._turn],)

    def _recover(self, reading: ChainReading, limp: list[int], tripped: bool) -> None:
        port = self._chain.port
        port.wait_until_quiet()
        if tripped:
            self.counters.watchdog_trips += 1
            port.sync_write(models.BUS_WATCHDOG, self._all(0))
            standing = {i: self._bounded(i, reading.servos[i].ticks) for i in self._chain.ids}
            self._send_goals(standing)
        for servo_id in limp:
            facts = self._chain.insist(servo_id, partial(read_facts, port, servo_id))
            self._check(servo_id, facts)
            self._start(servo_id)
            self.counters.restarts += 1
        self._arm_watchdog()
        self._goal_ramp.start(self._goals, self._clock.monotonic_ns())

    def _raise_torque(self) -> None:
        if values := self._torque_ramp.due(self._clock.monotonic_ns()):
            self._chain.port.sync_write(models.GOAL_PWM, values)

    def _send_goals(self, goals: Mapping[int, int]) -> None:
        self._chain.port.sync_write(models.GOAL_POSITION, goals)
        self._spoken_ns = self._clock.monotonic_ns()
        self._goals.update(goals)

    def _bounded(self, servo_id: int, ticks: int) -> int:
        if self._wanted[servo_id][models.OPERATING_MODE] != OperatingMode.POSITION:
            return ticks
        facts = self._facts[servo_id]
        return max(facts.min_position_ticks, min(facts.max_position_ticks, ticks))

    def _grips(self, servo_id: int) -> bool:
        mode = self._wanted[servo_id][models.OPERATING_MODE]
        return mode == OperatingMode.CURRENT_BASED_POSITION

    def _refuse_unusable(self, positions: Mapping[str, float]) -> None:
        for joint, position in positions.items():
            if joint not in self._id_of:
                raise ConfigError(
                    f"no joint {joint!r} on this follower; it has {', '.join(self._id_of)}"
                )
            if not math.isfinite(position):
                raise ConfigError(f"joint {joint}: goal {position} is not finite; nothing sent")

    def _all(self, value: int) -> dict[int, int]:
        return dict.fromkeys(self._chain.ids, value)
