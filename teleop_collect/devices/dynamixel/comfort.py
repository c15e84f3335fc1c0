"""What makes a leader lighter in the hand: its weight carried, a spring at the gripper.

Servos that help run in current control, with a bounded current, behind their own bus watchdog: if
this process stalls or dies, the arm is free again.
"""

import math
from collections.abc import Mapping
from pathlib import Path

from teleop_collect.devices.dynamixel import models
from teleop_collect.devices.dynamixel.gravity import GravityModel
from teleop_collect.devices.dynamixel.models import Model, OperatingMode
from teleop_collect.devices.dynamixel.port import BusPort
from teleop_collect.devices.dynamixel.scaling import JointScaling
from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import DynamixelLeader
from teleop_collect.rig.description import resolve_urdf
from teleop_collect.rig.leader_config import Comfort

WATCHDOG_UNITS = 5
"""100 ms."""


class LeaderComfort:
    """Currents for the servos of one leader.

    Args:
        config: the leader of the rig file.

    Raises:
        ConfigError: a servo that should help has no current control, or gravity compensation has no
            description.
        MissingExtraError: gravity compensation is on and pinocchio is not installed.
    """

    def __init__(self, config: DynamixelLeader) -> None:
        self._comfort: Comfort = config.comfort
        self._scalings = {j: JointScaling.from_servo(j, s) for j, s in config.servos.items()}
        self._models: dict[str, Model] = {
            joint: models.model_by_name(servo.model) for joint, servo in config.servos.items()
        }
        self._gravity = _gravity_of(config)
        spring = self._comfort.gripper_spring
        helping = set(config.servos) if self._gravity is not None else set()
        if spring is not None:
            helping.add(spring.joint)
        self._id_of = {j: s.id for j, s in config.servos.items() if j in helping}
        for joint in self._id_of:
            if not self._models[joint].supports(OperatingMode.CURRENT):
                raise ConfigError(
                    f"joint {joint}: {self._models[joint].name} has no current control, so it "
                    "cannot take part in comfort; remove it from comfort or use another servo"
                )

    @property
    def servo_ids(self) -> tuple[int, ...]:
        """Servos that help; empty when comfort is off."""
        return tuple(self._id_of.values())

    def start(self, port: BusPort, servo_id: int) -> None:
        """Current control with torque on and no current yet.

        Raises:
            DeviceError: the servo refuses or does not answer.
        """
        port.write(servo_id, models.BUS_WATCHDOG, 0)
        port.write(servo_id, models.TORQUE_ENABLE, 0)
        port.write(servo_id, models.OPERATING_MODE, OperatingMode.CURRENT)
        port.write(servo_id, models.GOAL_CURRENT, 0)
        port.write(servo_id, models.TORQUE_ENABLE, 1)
        port.write(servo_id, models.BUS_WATCHDOG, WATCHDOG_UNITS)

    def send(self, port: BusPort, positions: Mapping[str, float], *, renew: bool) -> None:
        """Send the currents that belong to the positions (joint units).

        Args:
            port: the bus.
            positions: by joint name.
            renew: whether the watchdogs may have tripped and must be armed again.

        Raises:
            DeviceDisconnected: the port is gone.
        """
        if renew:
            port.sync_write(models.BUS_WATCHDOG, dict.fromkeys(self.servo_ids, 0))
        currents_a = self.currents_a(positions)
        port.sync_write(
            models.GOAL_CURRENT,
            {
                i: models.current_units(self._models[j], currents_a[j])
                for j, i in self._id_of.items()
            },
        )
        if renew:
            port.sync_write(models.BUS_WATCHDOG, dict.fromkeys(self.servo_ids, WATCHDOG_UNITS))

    def currents_a(self, positions: Mapping[str, float]) -> dict[str, float]:
        """Current of every servo that helps, A in the servo's own direction, by joint.

        Each is bounded by `comfort.max_current_a`; positions that are not finite give none.
        """
        currents = dict.fromkeys(self._id_of, 0.0)
        if not all(math.isfinite(position) for position in positions.values()):
            return currents
        if self._gravity is not None:
            self._carry_weight(currents, positions)
        if (spring := self._comfort.gripper_spring) is not None:
            pull = spring.stiffness_a_per_rad * (spring.rest_rad - positions[spring.joint])
            pull = _bounded(pull, spring.max_current_a)
            currents[spring.joint] += math.copysign(1.0, self._scalings[spring.joint].gain) * pull
        return {j: _bounded(a, self._comfort.max_current_a) for j, a in currents.items()}

    def _carry_weight(self, currents: dict[str, float], positions: Mapping[str, float]) -> None:
        """Current by the ratio of stall torque to stall current; friction helps to hold."""
        assert self._gravity is not None
        for joint, torque in self._gravity.torques(positions).items():
            nm_per_a = self._models[joint].nm_per_a
            assert nm_per_a is not None
            # Power is the same on both sides of the scaling: servo torque is gain times joint's.
            servo_nm = self._scalings[joint].gain * torque * self._comfort.gravity_gain
            currents[joint] += servo_nm / nm_per_a


def _gravity_of(config: DynamixelLeader) -> GravityModel | None:
    comfort = config.comfort
    if comfort.gravity_gain == 0:
        return None
    if not comfort.urdf:
        raise ConfigError(
            "comfort.gravity_gain needs comfort.urdf, the description of the leader itself "
            "(`builtin:NAME` or a path), whose joints are named as the servos are"
        )
    path: Path = resolve_urdf(comfort.urdf, None)
    return GravityModel(path, tuple(config.servos))


def _bounded(value: float, bound: float) -> float:
    return max(-bound, min(bound, value))
