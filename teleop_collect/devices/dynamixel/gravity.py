"""Torques that carry an arm's own weight."""

import math
from collections.abc import Mapping
from pathlib import Path

from teleop_collect.errors import ConfigError
from teleop_collect.rig.pinocchio_library import import_pinocchio


class GravityModel:
    """Weight of one arm, from its robot description (URDF) standing upright at its base.

    Args:
        urdf: the arm's own description, with the masses of its links.
        joints: joints to carry, by URDF name.

    Raises:
        MissingExtraError, MissingSystemLibraryError: see `import_pinocchio`.
        ConfigError: the description lacks a joint.
    """

    def __init__(self, urdf: Path, joints: tuple[str, ...]) -> None:
        pinocchio = import_pinocchio("kinematics")
        self._pinocchio = pinocchio
        self._model = pinocchio.buildModelFromUrdf(str(urdf))
        self._data = self._model.createData()
        missing = [joint for joint in joints if not self._model.existJointName(joint)]
        if missing:
            raise ConfigError(
                f"{urdf}: no joint {missing[0]!r}, which the leader's gravity compensation needs; "
                "name the leader's servos as its description does"
            )
        self._joints = {name: self._model.joints[self._model.getJointId(name)] for name in joints}
        self._neutral = pinocchio.neutral(self._model)

    def torques(self, positions: Mapping[str, float]) -> dict[str, float]:
        """Torque (Nm; N for prismatic joints) at each joint that balances gravity at rest.

        Args:
            positions: rad or m by joint name; joints not named are at zero.
        """
        q = self._neutral.copy()
        for name, joint in self._joints.items():
            position = positions[name]
            if joint.nq == 1:
                q[joint.idx_q] = position
            else:  # continuous joints are stored as cosine and sine
                q[joint.idx_q : joint.idx_q + 2] = math.cos(position), math.sin(position)
        torques = self._pinocchio.computeGeneralizedGravity(self._model, self._data, q)
        return {name: float(torques[joint.idx_v]) for name, joint in self._joints.items()}
