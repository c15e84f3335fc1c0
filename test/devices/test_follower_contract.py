"""The contract of follower arms, kept by every implementation."""

import pytest
from support.contracts.follower_arm import FollowerArmContract, drive_to
from support.contracts.waiting import connect_within
from support.emulated_arm import wait_for
from support.emulated_follower import IDS, JOINTS, emulated_follower
from support.sim_follower import RunningPhysics, SimFollower

from teleop_collect.rig.load import load_rig

TICK_RAD = 0.00154
GRIPPER_M_RAD = 0.02


class EmulatedDynamixelStand:
    """Dynamixel servos with inertia on an emulated bus."""

    def __init__(self, arm):
        self.arm = arm
        self.joints = JOINTS
        self.tolerance = dict.fromkeys(JOINTS, 4 * TICK_RAD)
        self.tolerance["gripper"] *= GRIPPER_M_RAD
        self.goal = {"shoulder_pan": 1.0, "elbow": 0.5, "wrist_1": -1.0, "gripper": 0.02}

    def driver(self):
        return self.arm.follower()

    def unplug(self):
        self.arm.client.unplug()
        wait_for(lambda: not self.arm.path.exists())

    def plug(self):
        self.arm.client.plug()

    def mute(self):
        self.arm.client.inject("no_reply", count=None)

    def unmute(self):
        self.arm.client.clear()


class SimulatedStand:
    """The simulated rig's arm."""

    def __init__(self, rig):
        self.goal = {"shoulder_pan": 0.8, "wrist_2": 0.5}
        self.physics = RunningPhysics(rig)
        self.joints = rig.arms["main"].joints
        self.tolerance = dict.fromkeys(self.joints, 0.02) | {"gripper": 0.003}

    def driver(self):
        return SimFollower(self.physics, "main")

    def unplug(self):
        self.physics.plugged = False

    def plug(self):
        self.physics.plugged = True

    def mute(self):
        self.physics.speaks = False

    def unmute(self):
        self.physics.speaks = True


@pytest.fixture(scope="module")
def emulated():
    with emulated_follower() as arm:
        yield arm


class TestDynamixelFollower(FollowerArmContract):
    @pytest.fixture
    def stand(self, emulated):
        emulated.restore()
        for servo_id in IDS.values():
            emulated.client.reboot(servo_id, boot_s=0.0)
        stand = EmulatedDynamixelStand(emulated)
        home = emulated.follower(torque_ramp_s=0.0, on_exit="release")
        connect_within(home)
        drive_to(home, dict.fromkeys(JOINTS, 0.0), stand)
        home.close()
        return stand


class TestSimulatedFollower(FollowerArmContract):
    @pytest.fixture
    def stand(self):
        stand = SimulatedStand(load_rig("sim_tabletop").rig)
        yield stand
        stand.physics.close()
