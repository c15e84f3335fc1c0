"""A follower arm of Dynamixel servos: follows goals, holds when in doubt, never jumps or drops."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from teleop_collect.clock import NS_PER_S, Clock
from teleop_collect.devices.dynamixel import models
from teleop_collect.devices.dynamixel.facts import ServoFacts, read_facts, read_health
from teleop_collect.devices.dynamixel.models import WATCHDOG_TRIPPED
from teleop_collect.devices.dynamixel.motor_start import read_state, start_motor
from teleop_collect.devices.dynamixel.ramps import TorqueRamp
from teleop_collect.devices.dynamixel.servo_chain import ChainReading, MissingAnswers, ServoChain
from teleop_collect.devices.dynamixel.servo_goals import ServoGoals
from teleop_collect.devices.dynamixel.settings import check_settings, wanted_settings
from teleop_collect.devices.dynamixel.suspicion import Suspicion
from teleop_collect.devices.protocols import GoalSource
from teleop_collect.errors import ConfigError, DeviceDisconnected, DeviceError, DeviceTimeout
from teleop_collect.rig.config import DynamixelFollower as FollowerConfig
from teleop_collect.rig.description import JointBounds
from teleop_collect.samples import JointSample

MAX_WATCHDOG_UNITS = 127


@dataclass
class FollowerCounters:
    """What happened since the start.

    Attributes:
        watchdog_trips: how often the servos' own watchdogs had stopped the arm.
        restarts: servos that had lost torque and were started again.
        held_commands: commands not sent because the arm was being recovered.
        clamped_commands: commands cut at a servo's own position limits.
        last_clamp: which joint was cut last, with both values.
    """

    watchdog_trips: int = 0
    restarts: int = 0
    held_commands: int = 0
    clamped_commands: int = 0
    last_clamp: str = ""


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
        self._wanted = {
            servo.id: wanted_settings(joint, servo, self._chain.models[servo.id])
            for joint, servo in config.servos.items()
        }
        units = round(config.bus_watchdog_s / models.WATCHDOG_UNIT_S)
        self._watchdog_units = max(1, min(MAX_WATCHDOG_UNITS, units))
        self._torque_ramp = TorqueRamp(config.torque_ramp_s)
        self._facts: dict[int, ServoFacts] = {}
        chain = self._chain
        self._goals = ServoGoals(
            chain.joints, chain.scalings, self._wanted, self._facts, config.torque_ramp_s, clock
        )
        watchdog_ns = round(self._watchdog_units * models.WATCHDOG_UNIT_S * NS_PER_S)
        watched = (*chain.ids, *chain.leaders_of_shadows)
        self._suspicion = Suspicion(watched, watchdog_ns, clock)
        self._latest: ChainReading | None = None

    @property
    def facts(self) -> Mapping[str, ServoFacts]:
        """Settings of the servos by joint name, as `connect` found them."""
        return {self._chain.joints[i]: facts for i, facts in self._chain.facts.items()}

    @property
    def recovering(self) -> bool:
        """Whether the arm holds because a servo is missing or in an unknown state."""
        return bool(self._suspicion)

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
        self._latest = None
        self._suspicion.forget()
        self._chain.open(self._check)
        try:
            for servo_id in self._chain.ids:
                self._start(servo_id)
            self._arm_watchdog()
        except BaseException:
            self._chain.port.close()
            raise
        self._goals.lead_from_here()

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

    def exchange(self, goals: GoalSource) -> JointSample:
        """Read all joints and send goals in one turn of the bus: `read` and `command` at once.

        The goals are asked for shortly before the answers are due, so they are no older than with
        `command`, and leave as soon as the answers have come: those are looked at while the goals
        take their time on the bus. They leave too when an answer is missing.

        Args:
            goals: called at most once.

        Raises:
            ConfigError: see `command`; nothing was sent.
            DeviceError: see `read`.
        """
        refusals: list[ConfigError] = []

        def packet() -> bytes:
            try:
                return self._encode_goals(goals())
            except ConfigError as error:
                # The answers are under way and must be taken first.
                refusals.append(error)
                return b""

        sample = self._read(packet)
        if refusals:
            raise refusals[0]
        return sample

    def _read(self, meanwhile: Callable[[], bytes] | None) -> JointSample:
        self._suspicion.after_silence()
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
        self._goals.refuse_unusable(positions)
        self._suspicion.after_silence()
        if self._suspicion:
            self.counters.held_commands += 1
            return
        self._send_goals(self._requested(positions))
        self._raise_torque()

    def hold(self) -> None:
        """Stay: moving joints stop where they are by now, resting ones keep their goals.

        Raises:
            DeviceDisconnected: the port is gone.
        """
        if self._latest is not None:
            self._send_goals(self._goals.resting(self._latest))

    def close(self) -> None:
        """Hold or let go, as the rig file says, and release the port; safe to call twice.

        Holding keeps torque on without this process; the next `connect` takes the arm over.
        """
        release = self._config.on_exit == "release"
        leave = self._release if release else self._stay
        try:
            with contextlib.suppress(DeviceError):
                if not release:
                    self.hold()
            for servo_id in self._goals.current:
                with contextlib.suppress(DeviceError):
                    self._chain.insist(servo_id, partial(leave, servo_id))
        finally:
            self._chain.port.close()
            self._latest = None

    def _release(self, servo_id: int) -> None:
        # Asked first: after a read that fails the next attempt need not wait, as after a write.
        read_health(self._chain.port, servo_id)
        self._chain.port.write(servo_id, models.TORQUE_ENABLE, 0)
        self._chain.port.write(servo_id, models.BUS_WATCHDOG, 0)

    def _stay(self, servo_id: int) -> None:
        """Leave one servo holding, its watchdog off, and know that it has understood."""
        port = self._chain.port
        if read_health(port, servo_id).watchdog == WATCHDOG_TRIPPED:
            # It has refused every goal since it stopped; without its watchdog it would go on to
            # the old one, so the new one follows at once.
            standing = self._goals.bounded(servo_id, read_state(port, servo_id).ticks)
            port.sync_write(models.BUS_WATCHDOG, {servo_id: 0})
            self._send_goals({servo_id: standing})
        port.write(servo_id, models.BUS_WATCHDOG, 0)
        port.write(servo_id, models.GOAL_POSITION, self._goals.current[servo_id])

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
        self._goals.current[servo_id] = self._chain.insist(
            servo_id,
            lambda: start_motor(self._chain.port, servo_id, facts, wanted, first_pwm, who),
        )

    def _arm_watchdog(self) -> None:
        self._chain.port.sync_write(models.BUS_WATCHDOG, self._all(self._watchdog_units))
        self._suspicion.spoke()

    def _requested(self, positions: Mapping[str, float]) -> dict[int, int]:
        """Goals for a request; counts what the servos' own limits cut off."""
        goals = self._goals.requested(positions)
        if self._goals.last_clamp:
            self.counters.clamped_commands += 1
            self.counters.last_clamp = self._goals.last_clamp
        return goals

    def _encode_goals(self, positions: Mapping[str, float] | None) -> bytes:
        if positions is None:
            return b""
        self._goals.refuse_unusable(positions)
        if self._suspicion:
            self.counters.held_commands += 1
            return b""
        goals = self._requested(positions)
        self._goals.current.update(goals)
        return self._chain.port.encode_sync_write(models.GOAL_POSITION, goals)

    def _read_chain(self, meanwhile: Callable[[], bytes] | None = None) -> ChainReading:
        try:
            reading = self._chain.read(meanwhile)
        except MissingAnswers as error:
            if self._suspicion.missing(error.servo_ids):
                self.hold()
            raise
        finally:
            self._suspicion.spoke()
        self._suspicion.answered()
        self._latest = reading
        return reading

    def _examine(self, reading: ChainReading) -> bool:
        """Look at suspects, or at one servo in turn; True when something had to be recovered."""
        tripped, unguarded, limp = False, False, set()
        for servo_id in self._suspicion.to_examine():
            health = read_health(self._chain.port, servo_id)
            self._chain.check_healthy(servo_id, health.hardware_error)
            tripped = tripped or health.watchdog == WATCHDOG_TRIPPED
            unguarded = unguarded or health.watchdog != self._watchdog_units
            if not health.torque:
                # A second servo is started by what is sent to the one that it follows.
                limp.add(self._chain.leaders_of_shadows.get(servo_id, servo_id))
        if tripped or limp:
            self._suspicion.everyone()
            self._recover(reading, limp, tripped)
        elif unguarded:
            # Servos do not confirm a sync write: the one that armed them may have been lost.
            self._arm_watchdog()
        self._suspicion.clear()
        return tripped or bool(limp)

    def _recover(self, reading: ChainReading, limp: set[int], tripped: bool) -> None:
        port = self._chain.port
        # None may trip while another is started.
        port.sync_write(models.BUS_WATCHDOG, self._all(0))
        if tripped:
            self.counters.watchdog_trips += 1
            self._send_goals(self._goals.standing(reading))
        for servo_id in sorted(limp):
            facts = self._chain.insist(servo_id, partial(read_facts, port, servo_id))
            self._check(servo_id, facts)
            self._start(servo_id)
            self.counters.restarts += 1
        self._arm_watchdog()
        self._goals.lead_from_here()

    def _raise_torque(self) -> None:
        if values := self._torque_ramp.due(self._clock.monotonic_ns()):
            self._chain.port.sync_write(models.GOAL_PWM, values)

    def _send_goals(self, goals: Mapping[int, int]) -> None:
        self._chain.port.sync_write(models.GOAL_POSITION, goals)
        self._suspicion.spoke()
        self._goals.current.update(goals)

    def _all(self, value: int) -> dict[int, int]:
        return dict.fromkeys(self._chain.ids, value)
