"""The servos of one arm on one bus: checked when the port opens, read in one exchange.

Leader and follower are built on it.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from teleop_collect.clock import Clock
from teleop_collect.devices.dynamixel import models
from teleop_collect.devices.dynamixel.attempts import Result, insistently
from teleop_collect.devices.dynamixel.facts import ServoFacts, read_facts, read_health
from teleop_collect.devices.dynamixel.late_replies import MAX_LATENESS_NS, ReadLengths
from teleop_collect.devices.dynamixel.latency import sync_read_s
from teleop_collect.devices.dynamixel.models import Model
from teleop_collect.devices.dynamixel.packets import StatusReply
from teleop_collect.devices.dynamixel.port import BusPort
from teleop_collect.devices.dynamixel.scaling import JointScaling
from teleop_collect.errors import ConfigError, DeviceError, DeviceTimeout
from teleop_collect.rig.servo_config import Servo
from teleop_collect.samples import JointSample

ROLL_CALL_NS = 5_000_000_000
BLOCK_START = models.PRESENT_CURRENT.address
BLOCK = struct.Struct("<hii")
"""Present Current (or Load), Present Velocity, Present Position: contiguous from 126 to 135."""
LONGEST_BLOCK = models.PRESENT_TEMPERATURE.end - BLOCK_START

Prepare = Callable[[int, ServoFacts], None]
"""Makes one servo (by id) ready; called for each servo when the arm connects."""


class ServoReading(NamedTuple):
    """Registers of one servo.

    Attributes:
        current_units: Present Current (or Load).
        velocity_units: Present Velocity.
        ticks: Present Position.
    """

    current_units: int
    velocity_units: int
    ticks: int


@dataclass(frozen=True)
class ChainReading:
    """All servos at one moment.

    Attributes:
        stamp_ns: UTC of the middle of the exchange: the servos take their readings one after the
            other during it, so no reading is further from it than half the exchange.
        servos: by id.
    """

    stamp_ns: int
    servos: Mapping[int, ServoReading]


class MissingAnswers(DeviceTimeout):
    """Some servos did not answer whole and in time.

    Args:
        text: the message.
        servo_ids: who is missing; empty when that is not known.
    """

    def __init__(self, text: str, servo_ids: tuple[int, ...]) -> None:
        super().__init__(text)
        self.servo_ids = servo_ids


class ServoChain:
    """The servos of one arm.

    Args:
        servos: the rig file's servos by joint name.
        port_path: device to open.
        baud: bits per second.
        rate_hz: how often it is going to be read.
        clock: source of stamps.

    Raises:
        MissingExtraError: dynamixel_sdk is not installed.
        ConfigError: no servos, an id twice, an unknown model or a scale of 0.
    """

    def __init__(
        self, servos: Mapping[str, Servo], port_path: str, baud: int, rate_hz: float, clock: Clock
    ) -> None:
        self.joints = _joints_by_id(servos)
        """Joint names by servo id, in the order of the rig file."""
        self.ids = tuple(self.joints)
        self.leaders_of_shadows = {
            servo.shadow_id: servo.id for servo in servos.values() if servo.shadow_id is not None
        }
        """Ids of second servos, which are not read, and of the servos that they follow."""
        self.names = tuple(servos)
        self.models: Mapping[int, Model] = {
            servo.id: models.model_by_name(servo.model) for servo in servos.values()
        }
        self.scalings: Mapping[int, JointScaling] = {
            servo.id: JointScaling.from_servo(joint, servo) for joint, servo in servos.items()
        }
        self.facts: Mapping[int, ServoFacts] = {}
        """By servo id; filled by `open`."""
        self.port = BusPort(port_path, baud)
        self.reads_fast = False
        """Whether all servos answer Fast Sync Reads; found out by `open`."""
        self._rate_hz = rate_hz
        self._clock = clock
        self._lengths = ReadLengths(BLOCK.size, LONGEST_BLOCK)
        self._fast_failed = False
        self._answering, self._called_ns = "", 0
        self._effort_per_unit = self._measured_efforts()

    def open(self, prepare: Prepare) -> None:
        """Open the port, check every servo and prepare it.

        Raises:
            BusyError: another driver has the port.
            DeviceDisconnected: the port is not there.
            DeviceTimeout: a servo does not answer.
            DeviceError: a servo has the wrong model, reports a hardware error, cannot be prepared
                or is so set that the rig's rate cannot be reached.
        """
        self.port.open()
        try:
            self._open(prepare)
        except BaseException:
            self.port.close()
            raise
        self._answering = ""

    def _open(self, prepare: Prepare) -> None:
        try:
            facts = {i: self.insist(i, partial(self._prepare_servo, i, prepare)) for i in self.ids}
            for shadow_id in self.leaders_of_shadows:
                self.insist(shadow_id, partial(self._check_shadow, shadow_id))
        except DeviceTimeout as error:
            # An arm that was complete before is to be back soon after its servo is.
            if self.facts:
                raise
            raise DeviceTimeout(f"{error}; {self._roll_call()}") from error
        self.facts = facts
        self._check_rate()
        self._try_fast_read()

    def _roll_call(self) -> str:
        """Who does answer; asked seldom, because it takes most of a second."""
        now_ns = self._clock.monotonic_ns()
        if not self._answering or now_ns - self._called_ns > ROLL_CALL_NS:
            self._called_ns = now_ns
            found = [
                f"{i} ({models.model_name(m)})" for i, m in sorted(self.port.who_answers().items())
            ]
            answering = f"found ids {', '.join(found)}" if found else "no servo answers"
            self._answering = f"{self.port.path} at {self.port.baud} baud: {answering}"
        return self._answering

    def read(self, meanwhile: Callable[[], bytes] | None = None) -> ChainReading:
        """Read all servos in one exchange.

        Args:
            meanwhile: see `BusPort.sync_read`.

        Raises:
            MissingAnswers: at least one servo did not answer whole and in time; nothing of the
                exchange is used.
            DeviceTimeout: not read, because late answers may still be under way.
            DeviceError: a servo reports a hardware error.
            DeviceDisconnected: the port is gone.
        """
        length = self._fresh_length()
        # A failed fast read does not tell who is missing; the plain read after it does.
        fast = self.reads_fast and not self._fast_failed
        start_ns = self._clock.monotonic_ns()
        replies = self.port.sync_read(self.ids, BLOCK_START, length, fast=fast, meanwhile=meanwhile)
        end_ns = self._clock.monotonic_ns()
        stamp_ns = self._clock.utc_ns() - (end_ns - start_ns) // 2
        self._fast_failed = False
        if len(replies) < len(self.ids):
            self._lengths.failed(length, end_ns)
            self._fast_failed = True
            missing = () if fast else tuple(i for i in self.ids if i not in replies)
            raise MissingAnswers(self._missing_text(missing), missing)
        for servo_id, reply in replies.items():
            if reply.error:
                raise DeviceError(self._error_text(servo_id, reply))
        servos = {i: ServoReading(*BLOCK.unpack_from(replies[i].data)) for i in self.ids}
        return ChainReading(stamp_ns, servos)

    def sample(self, reading: ChainReading, *, effort: bool = False) -> JointSample:
        """A reading in joint units.

        Args:
            reading: what `read` gave.
            effort: also estimate the torque from the current, where every servo measures it.
        """
        scaled = [(scaling, reading.servos[i]) for i, scaling in self.scalings.items()]
        position = tuple([scaling.position(servo.ticks) for scaling, servo in scaled])
        velocity = tuple([scaling.velocity(servo.velocity_units) for scaling, servo in scaled])
        torques = self._efforts(reading) if effort else ()
        return JointSample(reading.stamp_ns, self.names, position, velocity, torques)

    def check_healthy(self, servo_id: int, hardware_error: int) -> None:
        """Refuse a servo that reports a hardware error.

        Raises:
            DeviceError: it does; the message names joint and cause.
        """
        if hardware_error:
            raise DeviceError(self._hardware_text(servo_id, hardware_error))

    def insist(self, servo_id: int, attempt: Callable[[], Result]) -> Result:
        """Try something with one servo that may lose an answer, a few times.

        Raises:
            DeviceTimeout: it never answered.
        """
        try:
            return insistently(attempt)
        except DeviceTimeout as error:
            raise DeviceTimeout(
                f"{self.who(servo_id)}: {error}; check power, cable, id and baud rate, then run "
                "teleop-collect check"
            ) from error

    def who(self, servo_id: int) -> str:
        """A servo in words."""
        if servo_id in self.leaders_of_shadows:
            joint = self.joints[self.leaders_of_shadows[servo_id]]
            return f"servo {servo_id} ({joint}, second servo)"
        return f"servo {servo_id} ({self.joints[servo_id]})"

    def _efforts(self, reading: ChainReading) -> tuple[float, ...]:
        """Joint torque (Nm; N for prismatic joints) by the ratio of stall torque to stall current.

        Friction of the gears is not known, so this is an estimate.
        """
        return tuple(
            reading.servos[servo_id].current_units * effort
            for servo_id, effort in self._effort_per_unit.items()
        )

    def _measured_efforts(self) -> dict[int, float]:
        """Torque of one unit of current by servo id; empty unless every servo measures it."""
        efforts = {}
        for servo_id, model in self.models.items():
            if model.current_unit_a is None or model.nm_per_a is None:
                return {}
            efforts[servo_id] = model.current_unit_a * model.nm_per_a / self.scalings[servo_id].gain
        return efforts

    def _prepare_servo(self, servo_id: int, prepare: Prepare) -> ServoFacts:
        facts = read_facts(self.port, servo_id)
        expected = self.models[servo_id]
        if facts.model_number != expected.number:
            raise DeviceError(
                f"{self.who(servo_id)} is a {models.model_name(facts.model_number)} "
                f"(model number {facts.model_number}), but the rig file says {expected.name} "
                f"({expected.number}); correct the rig file or the servo's id"
            )
        self.check_healthy(servo_id, facts.hardware_error)
        prepare(servo_id, facts)
        return facts

    def _check_shadow(self, servo_id: int) -> None:
        self.check_healthy(servo_id, read_health(self.port, servo_id).hardware_error)

    def _try_fast_read(self) -> None:
        """Firmware that does not know Fast Sync Read stays silent: trying is the only sure test."""
        self.reads_fast = False
        for _ in range(2):
            length = self._lengths.next(self._clock.monotonic_ns())
            if length is None:
                return
            replies = self.port.sync_read(self.ids, BLOCK_START, length, fast=True)
            if len(replies) == len(self.ids):
                self.reads_fast = True
                return
            self._lengths.failed(length, self._clock.monotonic_ns())

    def _check_rate(self) -> None:
        delays_s = [facts.return_delay_s for facts in self.facts.values()]
        needed_s = sync_read_s(self.port.baud, BLOCK.size, delays_s, self.port.latency_ms)
        if needed_s * self._rate_hz <= 1.0:
            return
        raise DeviceError(
            f"{self.port.path}: one reading takes at least {needed_s * 1000:.1f} ms at "
            f"{self.port.baud} baud with return delays of {sum(delays_s) * 1e6:.0f} us in all and "
            f"an adapter latency of {self.port.latency_ms or 0:.0f} ms, but rate_hz "
            f"{self._rate_hz:g} leaves {1000 / self._rate_hz:.1f} ms; raise the baud "
            "rate, set Return Delay Time (9) to 0, set the adapter's latency_timer to 1, "
            "or lower rate_hz"
        )

    def _fresh_length(self) -> int:
        length = self._lengths.next(self._clock.monotonic_ns())
        if length is None:
            raise DeviceTimeout(
                f"{self.port.path}: too many reads in a row failed; not reading until late "
                f"answers to them have passed ({MAX_LATENESS_NS // 1_000_000} ms)"
            )
        return length

    def _missing_text(self, servo_ids: tuple[int, ...]) -> str:
        if not servo_ids:
            return (
                f"{self.port.path}: no whole answer in time to a fast read of all servos; "
                "the next read asks for an answer of each"
            )
        missing = ", ".join(self.who(i) for i in servo_ids)
        return (
            f"{self.port.path}: no whole answer in time from {missing}; "
            "check power and cables if this lasts"
        )

    def _error_text(self, servo_id: int, reply: StatusReply) -> str:
        if not reply.alert:
            return f"{self.who(servo_id)} answers with error {reply.error_number}"
        status = self.port.read(servo_id, models.HARDWARE_ERROR_STATUS.address, 1).data[0]
        return self._hardware_text(servo_id, status)

    def _hardware_text(self, servo_id: int, status: int) -> str:
        return (
            f"{self.who(servo_id)} reports a hardware error: "
            f"{models.hardware_error_text(status)} (status 0x{status:02x}); "
            "remove the cause and switch the arm's power off and on"
        )


def _joints_by_id(servos: Mapping[str, Servo]) -> dict[int, str]:
    if not servos:
        raise ConfigError("the arm has no servos; name at least one joint in its servos")
    taken: dict[int, str] = {}
    for joint, servo in servos.items():
        for servo_id in (servo.id, servo.shadow_id):
            if servo_id in taken:
                raise ConfigError(
                    f"joints {taken[servo_id]} and {joint} both have servo id {servo_id}; "
                    "every servo on a bus needs an id of its own"
                )
            if servo_id is not None:
                taken[servo_id] = joint
    return {servo.id: joint for joint, servo in servos.items()}
