"""The simulated wrist force-torque sensor."""

from typing import Any

import numpy as np

from teleop_collect.samples import FloatArray


class ForceTorqueSensor:
    """What the environment does to all that hangs on the sensor's frame.

    Args:
        model: the `mujoco.MjModel`.
        data: its `mujoco.MjData`.
        arm: name of the arm, whose model has a site `ARM/ft` and sensors `ARM/ft_force` and
            `ARM/ft_torque`.
    """

    def __init__(self, model: Any, data: Any, arm: str) -> None:
        self._body = int(model.site(f"{arm}/ft").bodyid[0])
        self._site = data.site(f"{arm}/ft")
        self._force = data.sensor(f"{arm}/ft_force")
        self._torque = data.sensor(f"{arm}/ft_torque")
        self._subtree_com = data.subtree_com
        self._weight_n = model.body_subtreemass[self._body] * model.opt.gravity

    def raw(self) -> tuple[FloatArray, FloatArray]:
        """Force (N) and torque (Nm) on the tool with its own weight, in the sensor's frame."""
        return -self._force.data, -self._torque.data

    def tared(self) -> tuple[FloatArray, FloatArray]:
        """Force (N) and torque (Nm) on the tool without its own weight, in the sensor's frame.

        MuJoCo's sensors give what the carrying link does to the tool. At rest that balances the
        environment and the tool's weight, so the environment's part is the negative sum of both.
        Inertial forces of a moving tool remain, as in a real sensor.
        """
        sensor_from_world = self._site.xmat.reshape(3, 3).T
        weight = sensor_from_world @ self._weight_n
        lever = sensor_from_world @ (self._subtree_com[self._body] - self._site.xpos)
        return -self._force.data - weight, -self._torque.data - np.cross(lever, weight)
