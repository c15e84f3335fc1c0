"""A leader arm of Dynamixel servos: torque off, one Sync Read for all joints."""

import contextlib
import struct
from collections.abc import Mapping

from teleop_collect.clock import Clock
from teleop_collect.devices.dynamixel import models
from teleop_collect.devices.dynamixel.facts import ServoFacts, read_facts
from teleop_collect.devices.dynamixel.late_replies import MAX_LATENESS_NS, ReadLengths
from teleop_collect.devices.dynamixel.latency import sync_read_s
from teleop_collect.devices.dynamixel.port import BusPort, StatusReply
from teleop_collect.devices.dynamixel.scaling import JointScaling
from teleop_collect.errors import ConfigError, DeviceError, DeviceTimeout
from teleop_collect.rig.config import DynamixelLeader as LeaderConfig
from teleop_collect.samples import JointSample

CONNECT_ATTEMPTS = 3
BLOCK_START = models.PRESENT_CURRENT.address
BLOCK = struct.Struct("<hii")
"""Present Current (or Load), Present Velocity, Present Position: contiguous from 126 to 135."""
LONGEST_BLOCK = models.PRESENT_TEMPERATURE.end - BLOCK_START


class DynamixelLeader:
    """Implements `devices.protocols.LeaderArm`.

    With torque off, Present Position counts on over several turns, so a joint that passes the
    encoder's zero does not jump; after power-up it starts again within one turn.

    Args:
        config: the leader of the rig file.
        port_path: device to open (see `rig.runtime.device_path`).
        clock: source of stamps.

    Raises:
        MissingExtraError: dynamixel_sdk is not installed.
        ConfigError: no servos, an id twice, an unknown model or a scale of 0.
    """

    def __init__(self, config: LeaderConfig, port_path: str, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._names = tuple(config.servos)
        self._joint_of = _joints_by_id(config)
        self._models = {
            servo.id: models.model_by_name(servo.model) for servo in config.servos.values()
        }
        self._scalings = tuple(JointScaling.from_servo(n, s) for n, s in config.servos.items())
        self._ids = tuple(servo.id for servo in config.servos.values())
        self._lengths = ReadLengths(BLOCK.size, LONGEST_BLOCK)
        self._port = BusPort(port_path, config.baud)
        self.facts: Mapping[str, ServoFacts] = {}
        """By joint name; filled by `connect`."""

    def connect(self) -> None:
        """Open the port, check every servo, and switch torque off.

        Raises:
            BusyError: another driver has the port.
            DeviceDisconnected: the port is not there.
            DeviceTimeout: a servo does not answer.
            DeviceError: a servo has the wrong model, reports a hardware error or is so set that
                the rig's rate cannot be reached.
        """
        self._port.open()
        try:
            self.facts = {self._joint_of[i]: self._connect_servo(i) for i in self._ids}
            self._check_rate()
        except DeviceError:
            self._port.close()
            raise

    def read(self) -> JointSample:
        """Read all joints in one exchange.

        The stamp is the middle of the exchange: the servos take their readings one after the
        other during it, so no reading is further from it than half the exchange.

        Returns:
            Position (rad after scaling) and velocity (per s) of every servo; no effort, because a
            servo's current is no measure of the operator's torque.

        Raises:
            DeviceTimeout: at least one servo did not answer whole and in time; nothing of the
                exchange is used.
            DeviceError: a servo reports a hardware error.
            DeviceDisconnected: the port is gone.
        """
        length = self._fresh_length()
        start_ns = self._clock.monotonic_ns()
        replies = self._port.sync_read(self._ids, BLOCK_START, length)
        end_ns = self._clock.monotonic_ns()
        stamp_ns = self._clock.utc_ns() - (end_ns - start_ns) // 2
        if len(replies) < len(self._ids):
            self._lengths.failed(length, end_ns)
            raise DeviceTimeout(self._missing_text(replies))
        for servo_id, reply in replies.items():
            if reply.error:
                raise DeviceError(self._error_text(servo_id, reply))
        return self._sample(stamp_ns, replies)

    def close(self) -> None:
        """Release the port; safe to call twice."""
        self._port.close()

    def _connect_servo(self, servo_id: int) -> ServoFacts:
        for _ in range(CONNECT_ATTEMPTS - 1):
            with contextlib.suppress(DeviceTimeout):
                return self._prepare_servo(servo_id)
        try:
            return self._prepare_servo(servo_id)
        except DeviceTimeout as error:
            raise DeviceTimeout(
                f"{self._who(servo_id)}: {error}; check power, cable, id and baud rate"
            ) from error

    def _prepare_servo(self, servo_id: int) -> ServoFacts:
        facts = read_facts(self._port, servo_id)
        self._check_servo(servo_id, facts)
        self._port.write_byte(servo_id, models.TORQUE_ENABLE.address, 0)
        return facts

    def _check_servo(self, servo_id: int, facts: ServoFacts) -> None:
        expected = self._models[servo_id]
        if facts.model_number != expected.number:
            raise DeviceError(
                f"{self._who(servo_id)} is a {models.model_name(facts.model_number)} "
                f"(model number {facts.model_number}), but the rig file says {expected.name} "
                f"({expected.number}); correct the rig file or the servo's id"
            )
        if facts.hardware_error:
            raise DeviceError(self._hardware_text(servo_id, facts.hardware_error))

    def _check_rate(self) -> None:
        delays_s = [facts.return_delay_s for facts in self.facts.values()]
        needed_s = sync_read_s(self._port.baud, BLOCK.size, delays_s, self._port.latency_ms)
        if needed_s * self._config.rate_hz <= 1.0:
            return
        raise DeviceError(
            f"{self._port.path}: one reading takes at least {needed_s * 1000:.1f} ms at "
            f"{self._port.baud} baud with return delays of {sum(delays_s) * 1e6:.0f} us in all and "
            f"an adapter latency of {self._port.latency_ms or 0:.0f} ms, but rate_hz "
            f"{self._config.rate_hz:g} leaves {1000 / self._config.rate_hz:.1f} ms; raise the baud "
            "rate, set Return Delay Time (9) to 0, set the adapter's latency_timer to 1, "
            "or lower rate_hz"
        )

    def _fresh_length(self) -> int:
        length = self._lengths.next(self._clock.monotonic_ns())
        if length is None:
            raise DeviceTimeout(
                f"{self._port.path}: too many reads in a row failed; not reading until late "
                f"answers to them have passed ({MAX_LATENESS_NS // 1_000_000} ms)"
            )
        return length

    def _sample(self, stamp_ns: int, replies: Mapping[int, StatusReply]) -> JointSample:
        position, velocity = [], []
        for servo_id, scaling in zip(self._ids, self._scalings, strict=True):
            _, velocity_units, ticks = BLOCK.unpack_from(replies[servo_id].data)
            position.append(scaling.position(ticks))
            velocity.append(scaling.velocity(velocity_units))
        return JointSample(stamp_ns, self._names, tuple(position), tuple(velocity))

    def _missing_text(self, replies: Mapping[int, StatusReply]) -> str:
        missing = [self._who(i) for i in self._ids if i not in replies]
        return (
            f"{self._port.path}: no whole answer in time from {', '.join(missing)}; "
            "check power and cables if this lasts"
        )

    def _error_text(self, servo_id: int, reply: StatusReply) -> str:
        if not reply.alert:
            return f"{self._who(servo_id)} answers with error {reply.error_number}"
        status = self._port.read(servo_id, models.HARDWARE_ERROR_STATUS.address, 1).data[0]
        return self._hardware_text(servo_id, status)

    def _hardware_text(self, servo_id: int, status: int) -> str:
        return (
            f"{self._who(servo_id)} reports a hardware error: "
            f"{models.hardware_error_text(status)} (status 0x{status:02x}); "
            "remove the cause and switch the arm's power off and on"
        )

    def _who(self, servo_id: int) -> str:
        return f"servo {servo_id} ({self._joint_of[servo_id]})"


def _joints_by_id(config: LeaderConfig) -> dict[int, str]:
    if not config.servos:
        raise ConfigError("the leader has no servos; name at least one joint in leader.servos")
    joints: dict[int, str] = {}
    for joint, servo in config.servos.items():
        if servo.id in joints:
            raise ConfigError(
                f"joints {joints[servo.id]} and {joint} both have servo id {servo.id}; "
                "every servo on a bus needs an id of its own"
            )
        joints[servo.id] = joint
    return joints
