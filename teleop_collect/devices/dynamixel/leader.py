"""A leader arm of Dynamixel servos: torque off, one Sync Read for all joints."""

from collections.abc import Mapping

from teleop_collect.clock import Clock
from teleop_collect.devices.dynamixel import models
from teleop_collect.devices.dynamixel.facts import ServoFacts
from teleop_collect.devices.dynamixel.servo_chain import ServoChain
from teleop_collect.rig.config import DynamixelLeader as LeaderConfig
from teleop_collect.samples import JointSample


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
        self._chain = ServoChain(config.servos, port_path, config.baud, config.rate_hz, clock)

    @property
    def facts(self) -> Mapping[str, ServoFacts]:
        """Settings of the servos by joint name; filled by `connect`."""
        return {self._chain.joints[i]: facts for i, facts in self._chain.facts.items()}

    def connect(self) -> None:
        """Open the port, check every servo, and switch torque off.

        Raises:
            BusyError: another driver has the port.
            DeviceDisconnected: the port is not there.
            DeviceTimeout: a servo does not answer.
            DeviceError: a servo has the wrong model, reports a hardware error or is so set that
                the rig's rate cannot be reached.
        """
        self._chain.open(self._prepare)

    def read(self) -> JointSample:
        """Read all joints in one exchange.

        Returns:
            Position (rad after scaling) and velocity (per s) of every servo; no effort, because a
            servo's current is no measure of the operator's torque.

        Raises:
            DeviceTimeout: at least one servo did not answer whole and in time; nothing of the
                exchange is used.
            DeviceError: a servo reports a hardware error.
            DeviceDisconnected: the port is gone.
        """
        return self._chain.sample(self._chain.read())

    def close(self) -> None:
        """Release the port; safe to call twice."""
        self._chain.port.close()

    def _prepare(self, servo_id: int, facts: ServoFacts) -> None:
        self._chain.port.write(servo_id, models.TORQUE_ENABLE, 0)
