"""Takes emulated leaders along while the rig check moves their followers."""

from collections.abc import Mapping
from contextlib import suppress

from teleop_collect.devices.bus_emulator.client import EmulatorClient
from teleop_collect.errors import TeleopCollectError
from teleop_collect.rig.config import Arm, DynamixelLeader, JointMapping
from teleop_collect.rig.device_validation import leader_joints
from teleop_collect.rig.runtime import SIM_SCHEME, control_socket


class EmulatedHand:
    """The hand on one arm's emulated leader; on the leader of any other rig it does nothing.

    Args:
        arm: the arm.
    """

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._client: EmulatorClient | None = None
        self._before: dict[str, float] = {}
        leader = arm.leader
        if isinstance(leader, DynamixelLeader) and leader.port.startswith(SIM_SCHEME):
            client = EmulatorClient(control_socket(leader.port))
            with suppress(TeleopCollectError):
                self._before = client.status()["positions"]
                self._client = client

    @property
    def holds(self) -> bool:
        """Whether there is an emulated leader to move."""
        return self._client is not None

    def take_to(self, follower: Mapping[str, float]) -> None:
        """Put the leader where a follower's posture is, by the rig file's mapping.

        Raises:
            TeleopCollectError: the emulator is gone.
        """
        if self._client is None:
            return
        pose = {}
        for joint, leader_joint in leader_joints(self._arm).items():
            mapping = self._arm.mapping.get(joint, JointMapping())
            if joint in follower and mapping.scale:
                gain = mapping.sign * mapping.scale
                pose[leader_joint] = (follower[joint] - mapping.offset) / gain
        self._client.set_pose(pose)

    def let_go(self) -> None:
        """Put the leader back where it was."""
        if self._client is not None:
            with suppress(TeleopCollectError):
                self._client.set_pose(self._before)
            self._client.close()
