"""One simulated arm: its servo targets, its watchdog and its sensors."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from teleop_collect.devices.sim.force_torque import ForceTorqueSensor
from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Arm, Planted, Vector3
from teleop_collect.samples import FloatArray, JointSample, WrenchSample

HOLD_AFTER_S = 0.1
FORCE_NOISE_N = 0.05
TORQUE_NOISE_NM = 0.002
"""Standard deviations of the force-torque sensor's noise, of the order of a desktop sensor's."""


class SimArm:
    """View of one arm in a MuJoCo model and its state.

    Attributes:
        planted: what is wrong with its devices.
        holding: whether the watchdog holds it.
        refused: commands refused so far.
    """

    def __init__(
        self,
        mujoco: Any,
        model: Any,
        data: Any,
        name: str,
        arm: Arm,
        noise: np.random.Generator,
        planted: Planted,
    ) -> None:
        self._mujoco, self._model, self._data = mujoco, model, data
        self._name, self._config = name, arm
        self._noise = noise
        joints = [model.joint(f"{name}/{joint}") for joint in arm.joints]
        self._qpos = np.array([joint.qposadr[0] for joint in joints])
        self._dof = np.array([joint.dofadr[0] for joint in joints])
        self._ctrl = np.array([model.actuator(f"{name}/{joint}").id for joint in arm.joints])
        self._lower, self._upper = np.array([joint.range for joint in joints]).T
        slide = mujoco.mjtJoint.mjJNT_SLIDE
        self._qpos_indices, self._dof_indices = self._qpos.tolist(), self._dof.tolist()
        self._measured = data.qpos, data.qvel, data.qfrc_actuator
        self._revolute = np.array([joint.type[0] != slide for joint in joints])
        self._mirrors = self._mirrored_joints()
        self._ft = None if arm.wrench is None else ForceTorqueSensor(model, data, name)
        self.planted = planted
        self._last_command_s = 0.0
        self.holding = False
        self.refused = 0

    def _mirrored_joints(self) -> list[tuple[int, int, float, float]]:
        """(qpos of mimic, qpos of its joint, offset, multiplier) of the URDF's mimic joints."""
        model, equality = self._model, self._mujoco.mjtEq.mjEQ_JOINT
        mine = set(self._qpos.tolist())
        rows = []
        for index in np.flatnonzero(model.eq_type == equality):
            follower, source = model.eq_obj1id[index], model.eq_obj2id[index]
            offset, multiplier = model.eq_data[index, :2]
            pair = (int(model.jnt_qposadr[follower]), int(model.jnt_qposadr[source]))
            if pair[1] in mine:
                rows.append((*pair, float(offset), float(multiplier)))
        return rows

    def go_home(self) -> None:
        """Put the arm at rest in the home posture of the rig file."""
        self.place({joint: self._config.home.get(joint, 0.0) for joint in self._config.joints})

    def place(self, joints: Mapping[str, float]) -> None:
        """Put the arm at rest in a posture, as a person does who pushes it against a gauge."""
        posture: FloatArray = self._data.qpos[self._qpos]
        for index, joint in enumerate(self._config.joints):
            posture[index] = joints.get(joint, posture[index])
        home = np.clip(posture, self._lower, self._upper)
        self._data.qpos[self._qpos] = home
        self._data.qvel[self._dof] = 0.0
        for mimic, source, offset, multiplier in self._mirrors:
            self._data.qpos[mimic] = offset + multiplier * self._data.qpos[source]
        self._data.ctrl[self._ctrl] = home

    def command(self, positions: Mapping[str, float], now_s: float) -> bool:
        """Take or refuse servo targets; see `SimWorld.command`."""
        known = set(positions) <= set(self._config.joints)
        if not positions or not known or not all(map(math.isfinite, positions.values())):
            self.refused += 1
            return False
        target: FloatArray = self._data.ctrl[self._ctrl]
        for index, joint in enumerate(self._config.joints):
            target[index] = positions.get(joint, target[index])
        self._data.ctrl[self._ctrl] = np.clip(target, self._lower, self._upper)
        self._last_command_s = now_s
        self.holding = False
        return True

    def until_hold_s(self, now_s: float) -> float:
        """Simulated time that the watchdog still waits, s; infinite once it holds."""
        return math.inf if self.holding else self._last_command_s + HOLD_AFTER_S - now_s

    def watch(self, now_s: float) -> None:
        """Hold when no command has come for `HOLD_AFTER_S`.

        The gripper keeps its target, because letting go is not a safe state.
        """
        if self.until_hold_s(now_s) > 1e-9:
            return
        target = self._data.ctrl[self._ctrl]
        self._data.ctrl[self._ctrl] = np.where(self._revolute, self._resting_place(), target)
        self.holding = True

    def _resting_place(self) -> FloatArray:
        """Where each joint comes to rest from its measured position and velocity, if let.

        A critically damped servo (stiffness kp, damping kv, natural frequency 2 kp / kv) that
        moves at v runs out exponentially, without turning back, to v kv / (2 kp) further on.
        """
        kp = self._model.actuator_gainprm[self._ctrl, 0]
        kv = -self._model.actuator_biasprm[self._ctrl, 2]
        velocity = self._data.qvel[self._dof]
        rest = self._data.qpos[self._qpos] + velocity * kv / (2 * kp)
        clipped: FloatArray = np.clip(rest, self._lower, self._upper)
        return clipped

    def joint_sample(self, stamp_ns: int) -> JointSample:
        """Measured joints; see `SimWorld.joint_sample`."""
        # Lists of all values: cheaper at this size than arrays of the wanted ones.
        qpos, qvel, effort = (values.tolist() for values in self._measured)
        return JointSample(
            stamp_ns,
            self._config.joints,
            tuple([qpos[index] for index in self._qpos_indices]),
            tuple([qvel[index] for index in self._dof_indices]),
            tuple([effort[index] for index in self._dof_indices]),
        )

    def wrench_sample(self, stamp_ns: int) -> WrenchSample:
        """Wrench as the sensor gives it; see `SimWorld.wrench_sample`."""
        if self._ft is None or self._config.wrench is None:
            raise ConfigError(f"arm {self._name} has no `wrench` section in the rig file")
        force, torque = self._ft.tared() if self.planted.wrench_tared else self._ft.raw()
        noise = self._noise.standard_normal(6).tolist()
        return WrenchSample(
            stamp_ns,
            self._config.wrench.frame_id,
            _disturbed(force, self.planted.wrench_bias_n, FORCE_NOISE_N, noise[:3]),
            _disturbed(torque, self.planted.wrench_bias_nm, TORQUE_NOISE_NM, noise[3:]),
        )


def _disturbed(true: Vector3, bias: Vector3, deviation: float, noise: list[float]) -> Vector3:
    """A reading with its bias and noise; `noise` has a standard deviation of 1."""
    x, y, z = (t + b + deviation * n for t, b, n in zip(true, bias, noise, strict=True))
    return x, y, z
