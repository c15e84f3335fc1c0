"""The simulated wrist force-torque sensor."""

from typing import Any

from teleop_collect.rig.config import Vector3


class ForceTorqueSensor:
    """What the environment does to all that hangs on the sensor's frame.

    It is read hundreds of times a second, so views of MuJoCo's state are taken once, and sums of
    three numbers are made without arrays.

    Args:
        model: the `mujoco.MjModel`.
        data: its `mujoco.MjData`.
        arm: name of the arm, whose model has a site `ARM/ft` and sensors `ARM/ft_force` and
            `ARM/ft_torque`.
    """

    def __init__(self, model: Any, data: Any, arm: str) -> None:
        self._body = int(model.site(f"{arm}/ft").bodyid[0])
        site = data.site(f"{arm}/ft")
        self._sensor_from_world, self._origin_m = site.xmat.reshape(3, 3).T, site.xpos
        self._force = data.sensor(f"{arm}/ft_force").data
        self._torque = data.sensor(f"{arm}/ft_torque").data
        self._center_m = data.subtree_com[self._body]
        self._weight_n = model.body_subtreemass[self._body] * model.opt.gravity

    def raw(self) -> tuple[Vector3, Vector3]:
        """Force (N) and torque (Nm) on the tool with its own weight, in the sensor's frame."""
        (fx, fy, fz), (tx, ty, tz) = self._force.tolist(), self._torque.tolist()
        return (-fx, -fy, -fz), (-tx, -ty, -tz)

    def tared(self) -> tuple[Vector3, Vector3]:
        """Force (N) and torque (Nm) on the tool without its own weight, in the sensor's frame.

        MuJoCo's sensors give what the carrying link does to the tool. At rest that balances the
        environment and the tool's weight, so the environment's part is the negative sum of both.
        Inertial forces of a moving tool remain, as in a real sensor.
        """
        wx, wy, wz = (self._sensor_from_world @ self._weight_n).tolist()
        lever = self._sensor_from_world @ (self._center_m - self._origin_m)
        x, y, z = lever.tolist()
        (fx, fy, fz), (tx, ty, tz) = self.raw()
        moment = (y * wz - z * wy, z * wx - x * wz, x * wy - y * wx)
        return (fx - wx, fy - wy, fz - wz), (tx - moment[0], ty - moment[1], tz - moment[2])
