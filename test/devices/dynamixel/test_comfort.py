"""A leader that helps its operator, through the real SDK against an emulated bus."""

import math
import time
from contextlib import suppress

import pytest
from support.emulated_arm import emulated_arm, wait_for

from teleop_collect.devices.dynamixel.gravity import GravityModel
from teleop_collect.errors import ConfigError, DeviceError, DeviceTimeout
from teleop_collect.rig.leader_config import Comfort, GripperSpring
from teleop_collect.rig.servo_config import Servo

JOINTS = ("shoulder_pan", "elbow", "wrist_1", "gripper")
IDS = {"shoulder_pan": 1, "elbow": 3, "wrist_1": 4, "gripper": 7}
SPRING = GripperSpring(joint="gripper", stiffness_a_per_rad=0.2, rest_rad=0.5, max_current_a=0.15)
LINK = """<robot name="one_link">
  <link name="base"/>
  <joint name="elbow" type="revolute">
    <parent link="base"/><child link="rod"/><axis xyz="0 1 0"/>
    <limit lower="-3" upper="3" effort="10" velocity="3"/>
  </joint>
  <link name="rod">
    <inertial><origin xyz="0.1 0 0"/><mass value="0.5"/>
      <inertia ixx="1e-4" iyy="1e-4" izz="1e-4" ixy="0" ixz="0" iyz="0"/></inertial>
  </link>
</robot>"""
WEIGHT_NM = 0.5 * 9.81 * 0.1


@pytest.fixture(scope="module")
def shared_arm():
    with emulated_arm() as arm:
        yield arm


@pytest.fixture
def arm(shared_arm):
    shared_arm.restore()
    shared_arm.client.set_pose(dict.fromkeys(JOINTS, 0.0))
    return shared_arm


@pytest.fixture
def leaders(arm):
    """Connects leaders with a comfort and closes them."""
    made = []

    def make(**comfort):
        made.append(arm.leader(comfort=Comfort(**comfort)))
        made[-1].connect()
        return made[-1]

    yield make
    for leader in made:
        leader.close()


def read_again(leader, timeout_s=20.0):
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        with suppress(DeviceTimeout):
            return leader.read()
    raise AssertionError("not reading again in time")


def current(arm, joint):
    """Goal Current, once the emulator has it."""
    return arm.client.status()["servos"][str(IDS[joint])]["goal_current"]


def torque(arm):
    on = arm.client.status()["torque"]
    return {joint for joint, i in IDS.items() if on[str(i)]}


def test_everything_is_off_unless_named(arm, leaders):
    leader = leaders()
    read_again(leader)
    assert torque(arm) == set()


@pytest.mark.parametrize(
    ("position", "milliamperes"), [(0.5, 0), (0.25, 50), (0.75, -50), (-1.0, 150), (2.0, -150)]
)
def test_the_spring_pulls_to_its_rest_with_bounded_current(arm, leaders, position, milliamperes):
    leader = leaders(gripper_spring=SPRING)
    assert torque(arm) == {"gripper"}
    arm.client.set_pose({"gripper": position})
    read_again(leader)
    # A tick is 0.3 mA at this stiffness; a unit is 1 mA.
    wait_for(lambda: abs(current(arm, "gripper") - milliamperes) <= 1)


def test_the_spring_follows_the_joints_direction(arm, leaders):
    leader = leaders(gripper_spring=SPRING.model_copy(update={"joint": "elbow"}))
    read_again(leader)
    # 0.5 rad to go: 0.1 A in the joint's direction, which is the servo's reverse.
    wait_for(lambda: current(arm, "elbow") == -100)


def test_no_servo_gets_more_than_the_arms_bound(arm, leaders):
    leader = leaders(gripper_spring=SPRING, max_current_a=0.05)
    read_again(leader)
    wait_for(lambda: current(arm, "gripper") == 50)


@pytest.fixture
def rod(tmp_path):
    path = tmp_path / "rod.urdf"
    path.write_text(LINK)
    return path


def test_gravity_model_knows_the_weight(rod):
    model = GravityModel(rod, ("elbow",))
    assert model.torques({"elbow": 0.0})["elbow"] == pytest.approx(-WEIGHT_NM)
    assert model.torques({"elbow": math.pi / 3})["elbow"] == pytest.approx(-WEIGHT_NM / 2)
    assert model.torques({"elbow": math.pi / 2})["elbow"] == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(ConfigError, match="no joint 'knee'"):
        GravityModel(rod, ("knee",))


def test_weight_is_carried_by_the_share_that_the_rig_names(arm, rod):
    servos = {"elbow": Servo(id=3, model="XL330-M288", sign=-1)}
    comfort = Comfort(gravity_gain=0.1, urdf=str(rod))
    leader = arm.leader(servos=servos, comfort=comfort)
    leader.connect()
    read_again(leader)
    # -0.4905 Nm at the joint is +0.4905 Nm at a servo that turns the other way; 0.52 Nm at 1.47 A.
    wait_for(lambda: current(arm, "elbow") == round(1000 * 0.1 * WEIGHT_NM * 1.47 / 0.52))
    leader.close()
    assert torque(arm) == set()


def test_gravity_without_a_description_is_refused(arm):
    with pytest.raises(ConfigError, match=r"needs comfort\.urdf"):
        arm.leader(comfort=Comfort(gravity_gain=0.5))


def test_a_servo_without_current_control_cannot_help(arm):
    servos = {"gripper": Servo(id=7, model="XL430-W250")}
    with pytest.raises(ConfigError, match=r"gripper: XL430-W250 has no current control"):
        arm.leader(servos=servos, comfort=Comfort(gripper_spring=SPRING))


def test_closing_frees_the_arm(arm, leaders):
    leader = leaders(gripper_spring=SPRING)
    read_again(leader)
    leader.close()
    assert torque(arm) == set()


def test_an_alarm_of_any_servo_frees_the_arm(arm, leaders):
    leader = leaders(gripper_spring=SPRING)
    arm.client.hardware_error(IDS["elbow"], 0x20)
    with pytest.raises(DeviceError, match=r"servo 3 \(elbow\).*overload"):
        leader.read()
    assert torque(arm) == set()


def test_a_stalled_process_frees_the_arm_until_it_reads_again(arm, leaders):
    leader = leaders(gripper_spring=SPRING)
    read_again(leader)

    def watchdog():
        return arm.client.status()["servos"]["7"]["watchdog"]

    wait_for(lambda: watchdog() == 255)
    read_again(leader)
    wait_for(lambda: watchdog() == 5)
    arm.client.set_pose({"gripper": 0.25})
    read_again(leader)
    wait_for(lambda: read_again(leader) and abs(current(arm, "gripper") - 50) <= 1)


def test_a_servo_that_reboots_helps_again(arm, leaders):
    leader = leaders(gripper_spring=SPRING)
    read_again(leader)
    arm.client.silence(IDS["gripper"])
    arm.client.reboot(IDS["gripper"], boot_s=0.0)
    for _ in range(3):
        with pytest.raises(DeviceTimeout):
            leader.read()
    assert torque(arm) == set()
    arm.client.clear()
    read_again(leader)
    assert torque(arm) == {"gripper"}
    wait_for(lambda: read_again(leader) and current(arm, "gripper") == 100)
