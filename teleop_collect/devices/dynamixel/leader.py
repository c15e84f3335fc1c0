"""A leader arm of Dynamixel servos: moved by hand, one Sync Read for all joints.

Torque is off, except for servos that the rig file asks to help (see `comfort`).
"""

import contextlib
from collections.abc import Mapping
from functools import partial

from teleop_collect.clock import NS_PER_S, Clock
from teleop_collect.devices.dynamixel import models
from teleop_collect.devices.dynamixel.comfort import WATCHDOG_UNITS, LeaderComfort
from teleop_collect.devices.dynamixel.facts import ServoFacts, read_health
from teleop_collect.devices.dynamixel.servo_chain import ChainReading, MissingAnswers, ServoChain
from teleop_collect.errors import DeviceDisconnected, DeviceError, DeviceTimeout
from teleop_collect.rig.config import DynamixelLeader as LeaderConfig
from teleop_collect.samples import JointSample

WATCHDOG_NS = WATCHDOG_UNITS * models.WATCHDOG_UNIT_S * NS_PER_S


class DynamixelLeader:
    """Implements `devices.protocols.LeaderArm`.

    With torque off, Present Position counts on over several turns, so a joint that passes the
    encoder's zero does not jump; after power-up it starts again within one turn.

    Args:
        config: the leader of the rig file.
        port_path: device to open (see `rig.runtime.device_path`).
        clock: source of stamps.

    Raises:
        MissingExtraError: dynamixel_sdk (or, for gravity compensation, pinocchio) is not installed.
        ConfigError: no servos, an id twice, an unknown model, a scale of 0, or comfort that the
            servos cannot give.
    """

    def __init__(self, config: LeaderConfig, port_path: str, clock: Clock) -> None:
        self._clock = clock
        self._chain = ServoChain(config.servos, port_path, config.baud, config.rate_hz, clock)
        self._comfort = LeaderComfort(config)
        self._suspects: set[int] = set()
        self._helped_ns: int | None = None

    @property
    def facts(self) -> Mapping[str, ServoFacts]:
        """Settings of the servos by joint name; filled by `connect`."""
        return {self._chain.joints[i]: facts for i, facts in self._chain.facts.items()}

    def connect(self) -> None:
        """Open the port, check every servo, and switch torque off (of helping servos: on).

        Raises:
            BusyError: another driver has the port.
            DeviceDisconnected: the port is not there.
            DeviceTimeout: a servo does not answer.
            DeviceError: a servo has the wrong model, reports a hardware error or is so set that
                the rig's rate cannot be reached.
        """
        self._suspects.clear()
        self._chain.open(self._prepare)
        try:
            for servo_id in self._comfort.servo_ids:
                self._start_help(servo_id)
        except BaseException:
            self.close()
            raise
        self._helped_ns = self._clock.monotonic_ns()

    def read(self) -> JointSample:
        """Read all joints in one exchange, and help where the rig file says so.

        Returns:
            Position (rad after scaling) and velocity (per s) of every servo; no effort, because a
            servo's current is no measure of the operator's torque.

        Raises:
            DeviceTimeout: at least one servo did not answer whole and in time; nothing of the
                exchange is used.
            DeviceError: a servo reports a hardware error; torque is off.
            DeviceDisconnected: the port is gone.
        """
        try:
            reading = self._read_chain()
            sample = self._chain.sample(reading)
            self._help(sample.by_name())
        except (DeviceTimeout, DeviceDisconnected):
            raise
        except DeviceError:
            self._let_go()
            raise
        return sample

    def close(self) -> None:
        """Switch torque off and release the port; safe to call twice."""
        try:
            self._let_go()
        finally:
            self._chain.port.close()

    def _prepare(self, servo_id: int, facts: ServoFacts) -> None:
        self._chain.port.write(servo_id, models.TORQUE_ENABLE, 0)

    def _read_chain(self) -> ChainReading:
        try:
            return self._chain.read()
        except MissingAnswers as error:
            self._suspects.update(set(error.servo_ids) & set(self._comfort.servo_ids))
            raise

    def _help(self, positions: Mapping[str, float]) -> None:
        if not self._comfort.servo_ids:
            return
        for servo_id in sorted(self._suspects):
            if not read_health(self._chain.port, servo_id).torque:
                self._start_help(servo_id)
            self._suspects.discard(servo_id)
        now_ns = self._clock.monotonic_ns()
        silent = self._helped_ns is None or now_ns - self._helped_ns >= WATCHDOG_NS / 2
        self._comfort.send(self._chain.port, positions, renew=silent)
        self._helped_ns = now_ns

    def _start_help(self, servo_id: int) -> None:
        start = partial(self._comfort.start, self._chain.port, servo_id)
        self._chain.insist(servo_id, start)

    def _let_go(self) -> None:
        for servo_id in self._comfort.servo_ids:
            with contextlib.suppress(DeviceError):
                self._chain.insist(servo_id, partial(self._release, servo_id))

    def _release(self, servo_id: int) -> None:
        # Asked first: after a read that fails the next attempt need not wait, as after a write.
        read_health(self._chain.port, servo_id)
        self._chain.port.write(servo_id, models.TORQUE_ENABLE, 0)
