"""The contract of leader arms, kept by every implementation."""

import pytest
from support.contracts.leader_arm import LeaderArmContract
from support.emulated_arm import SERVOS, emulated_arm, wait_for


class EmulatedDynamixelStand:
    """Dynamixel servos on an emulated bus, the one that the simulated rig has as its leader."""

    joints = tuple(SERVOS)
    resolution = 0.0016
    """One tick of 4096 a turn is 1.53 mrad."""

    def __init__(self, arm):
        self.arm = arm

    def driver(self):
        return self.arm.leader()

    def move(self, positions):
        self.arm.client.set_pose(positions)

    def unplug(self):
        self.arm.client.unplug()
        wait_for(lambda: not self.arm.path.exists())

    def plug(self):
        self.arm.client.plug()

    def mute(self):
        self.arm.client.inject("no_reply", count=None)

    def unmute(self):
        self.arm.client.clear()


@pytest.fixture(scope="module")
def emulated():
    with emulated_arm() as arm:
        yield arm


class TestDynamixelLeader(LeaderArmContract):
    @pytest.fixture
    def stand(self, emulated):
        emulated.restore()
        emulated.client.set_pose(dict.fromkeys(SERVOS, 0.0))
        return EmulatedDynamixelStand(emulated)
