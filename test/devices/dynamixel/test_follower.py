"""The follower's driver through the real SDK against an emulated bus in another process."""

import math
import time
from contextlib import suppress

import pytest
from support.emulated_arm import wait_for
from support.emulated_follower import (
    BOUNDS,
    IDS,
    JOINTS,
    drive,
    emulated_follower,
    read_again,
)

from teleop_collect.devices.dynamixel.follower import DynamixelFollower
from teleop_collect.errors import BusyError, ConfigError, DeviceError, DeviceTimeout
from teleop_collect.rig.config import Servo
from teleop_collect.rig.description import JointBounds

RAD_PER_TICK = 2 * math.pi / 4096
TOLERANCE = 1.5 * RAD_PER_TICK
AWAY = {"shoulder_pan": 1.0, "elbow": 0.5, "wrist_1": -1.0, "gripper": 0.02}


@pytest.fixture(scope="module")
def shared_arm():
    with emulated_follower() as arm:
        yield arm


@pytest.fixture
def arm(shared_arm):
    """The same emulator, its shafts back at the middle, torque off."""
    shared_arm.restore()
    for servo_id in IDS.values():
        shared_arm.client.reboot(servo_id, boot_s=0.0)
    shared_arm.client.write(IDS["elbow"], 52, 745)
    shared_arm.client.write(IDS["elbow"], 48, 3351)
    home = shared_arm.follower(torque_ramp_s=0.0, on_exit="release")
    home.connect()
    drive(home, dict.fromkeys(JOINTS, 0.0), near(dict.fromkeys(JOINTS, 0.0)))
    home.close()
    return shared_arm


@pytest.fixture
def follower(arm):
    follower = arm.follower()
    follower.connect()
    yield follower
    follower.close()


def near(goal):
    """Whether a sample is at a goal, to a tick (gripper: 20 mm for a rad)."""
    return lambda sample: all(
        abs(sample.by_name()[joint] - position) <= TOLERANCE * (0.02 if joint == "gripper" else 1)
        for joint, position in goal.items()
    )


def ticks(arm):
    return {joint: arm.servo(joint)["ticks"] for joint in JOINTS}


def test_torque_comes_on_where_the_arm_is(arm):
    for servo_id, goal in ((1, 3000), (3, 1500), (4, 2222), (7, 2300)):
        arm.client.write(servo_id, 116, goal)
    before = ticks(arm)
    follower = arm.follower()
    follower.connect()
    deadline = time.monotonic() + 0.3
    while time.monotonic() < deadline:
        read_again(follower)
        assert ticks(arm) == pytest.approx(before, abs=1.0)
    assert all(arm.torque(joint) for joint in JOINTS)
    follower.close()


def test_modes_limits_and_watchdog_are_set(arm, follower):
    assert [arm.servo(joint)["mode"] for joint in JOINTS] == [3, 3, 3, 5]
    # 0.538 A of 2.69 mA each.
    assert arm.servo("gripper")["goal_current"] == 200
    wait_for(lambda: [arm.servo(joint)["watchdog"] for joint in JOINTS] == [5, 5, 5, 5])
    assert follower.facts["elbow"].model_number == 1120


def test_torque_rises_over_the_ramp(arm):
    follower = arm.follower(torque_ramp_s=0.5)
    follower.connect()
    assert arm.servo("elbow")["goal_pwm"] == 0
    seen = []
    wait_for(lambda: (read_again(follower), seen.append(arm.servo("elbow")["goal_pwm"]))
             and seen[-1] == 885)  # fmt: skip
    assert seen == sorted(seen)
    assert len(set(seen)) > 10
    follower.close()


def test_follows_goals_in_joint_units(arm, follower):
    samples = drive(follower, AWAY, near(AWAY))
    assert samples[-1].names == JOINTS
    # 1 rad is tick 2048 + 651.9; the elbow turns the other way round; 0.02 m is one rad.
    assert {j: arm.servo(j)["goal_ticks"] for j in JOINTS} == {
        "shoulder_pan": 2700, "elbow": 1722, "wrist_1": 1396, "gripper": 2700,
    }  # fmt: skip
    moving = samples[len(samples) // 3]
    assert moving.velocity[0] > 0
    assert moving.velocity[1] > 0
    assert moving.velocity[2] < 0


def test_one_exchange_reads_and_commands(arm, follower):
    def arrived():
        # A busy machine loses an answer now and then.
        with suppress(DeviceTimeout):
            return near(AWAY)(follower.exchange(lambda: AWAY))
        return False

    wait_for(arrived)
    assert arm.servo("elbow")["goal_ticks"] == 1722
    with pytest.raises(ConfigError, match="not finite"):
        follower.exchange(lambda: {"elbow": math.nan})


def test_effort_is_torque_from_the_current(arm, follower):
    arm.client.block(IDS["gripper"], 2300)
    pressed = 0.538 * 4.1 / 2.3 / 0.02  # A times Nm/A by m/rad: N
    grip = near({"gripper": 252 * RAD_PER_TICK * 0.02})
    samples = drive(follower, {"gripper": 0.03}, lambda s: grip(s) and s.velocity[3] == 0.0)
    assert samples[-1].effort[3] == pytest.approx(pressed)


def test_joints_not_commanded_keep_their_goals(arm, follower):
    drive(follower, AWAY, near(AWAY))
    drive(follower, {"elbow": 0.0}, near({**AWAY, "elbow": 0.0}))


def test_goals_beyond_the_servos_limits_are_cut_there(arm, follower):
    drive(follower, {"wrist_1": 1.0}, near({"wrist_1": 1.0}))
    assert follower.counters.clamped_commands == 0
    drive(follower, {"wrist_1": 3.0}, near({"wrist_1": 2.0}))
    assert follower.counters.clamped_commands > 0
    assert follower.counters.last_clamp.startswith("joint wrist_1: ")
    assert follower.counters.last_clamp.endswith(" sent (servo's limit)")


@pytest.mark.parametrize("position", [math.nan, math.inf])
def test_a_goal_that_is_not_finite_sends_nothing(arm, follower, position):
    with pytest.raises(ConfigError, match=r"joint elbow: goal (nan|inf) is not finite"):
        follower.command({"shoulder_pan": 1.0, "elbow": position})
    assert arm.servo("shoulder_pan")["goal_ticks"] == 2048


def test_an_unknown_joint_is_refused(follower):
    with pytest.raises(ConfigError, match=r"no joint 'knee'.*elbow"):
        follower.command({"knee": 0.0})


def test_hold_stops_moving_joints_and_keeps_a_grip(arm):
    # Slow, and with patience for a machine that is: a watchdog that trips would end the grip.
    arm.client.write(IDS["shoulder_pan"], 112, 20)
    follower = arm.follower(bus_watchdog_s=2.0)
    follower.connect()
    arm.client.block(IDS["gripper"], 2300)
    closed = 2048 + round(1.5 / RAD_PER_TICK)
    grip = near({"gripper": 252 * RAD_PER_TICK * 0.02})
    drive(follower, {"gripper": 0.03}, lambda s: grip(s) and s.velocity[3] == 0.0)
    drive(follower, {"shoulder_pan": 1.5}, lambda s: s.position[0] > 0.3)
    follower.hold()
    assert arm.servo("gripper")["goal_ticks"] == closed
    wait_for(lambda: read_again(follower).velocity[0] == 0.0)
    assert 0.3 < read_again(follower).position[0] < 1.3
    assert read_again(follower).effort[3] > 40
    follower.close()


def test_closing_holds_and_connecting_again_does_not_let_go(arm):
    follower = arm.follower()
    follower.connect()
    drive(follower, AWAY, lambda s: near(AWAY)(s) and not any(s.velocity))
    for servo_id in IDS.values():
        arm.client.fall(servo_id, -2000.0)
    before = ticks(arm)
    follower.close()
    follower.close()
    assert all(arm.torque(joint) for joint in JOINTS)
    assert [arm.servo(joint)["watchdog"] for joint in JOINTS] == [0, 0, 0, 0]
    again = arm.follower()
    again.connect()
    read_again(again)
    assert ticks(arm) == pytest.approx(before, abs=1.0)
    again.close()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ConfigError("impossible")])
def test_a_connect_that_breaks_off_leaves_the_port_free(arm, monkeypatch, error):
    def interrupted(*_):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(DynamixelFollower, "_arm_watchdog", interrupted)
        with pytest.raises(type(error)):
            arm.follower().connect()
    other = arm.follower()
    other.connect()
    read_again(other)


def test_on_exit_release_lets_go(arm):
    follower = arm.follower(on_exit="release")
    follower.connect()
    follower.close()
    assert not any(arm.torque(joint) for joint in JOINTS)


def test_limits_wider_than_the_rigs_are_refused_with_what_was_found(arm):
    bounds = BOUNDS | {"elbow": JointBounds(-1.0, 2.0, 3.0)}
    with pytest.raises(DeviceError) as caught:
        arm.follower(bounds=bounds).connect()
    message = str(caught.value)
    assert "servo 3 (elbow)" in message
    assert "745 to 3351 ticks" in message
    assert "-1.000 to 2.000 (744 to 2700 ticks)" in message
    assert "teleop_collect.devices.dynamixel.configure --rig" in message
    assert not any(arm.torque(joint) for joint in JOINTS)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"homing_offset_ticks": 100}, r"servo 3 \(elbow\): Homing Offset \(20\) is 0.*says 100"),
        ({"reverse": True}, r"servo 3 \(elbow\): Drive Mode \(10\) says normal"),
        ({"model": "XM430-W350"}, r"servo 3 \(elbow\) is a XM540-W270"),
        ({"id": 5}, r"servo 5 \(elbow\).*check power"),
    ],
)
def test_a_servo_that_differs_from_the_rig_file_is_refused(arm, change, fault):
    servos = arm.config.servos
    servos = servos | {"elbow": servos["elbow"].model_copy(update=change)}
    with pytest.raises(DeviceError, match=fault):
        arm.follower(servos=servos).connect()


@pytest.mark.parametrize(
    "servo",
    [
        Servo(id=3, model="XL430-W250", operating_mode="current_based_position"),
        Servo(id=3, model="XC430-W150", current_limit_a=0.5),
    ],
)
def test_what_a_model_cannot_do_is_refused_before_connecting(arm, servo):
    with pytest.raises(ConfigError, match="has no current sensor"):
        arm.follower(servos={"elbow": servo})


def test_a_joint_outside_its_limits_must_be_moved_by_hand(arm):
    arm.client.write(IDS["elbow"], 52, 3000)
    arm.client.write(IDS["elbow"], 48, 3100)
    with pytest.raises(DeviceError, match=r"servo 3 \(elbow\) stands at 2048.*3000 to 3100.*hand"):
        arm.follower().connect()
    assert not arm.torque("elbow")


def test_a_second_driver_on_the_port_is_refused(arm, follower):
    with pytest.raises(BusyError, match="in use by process"):
        arm.follower().connect()
    read_again(follower)


def test_old_firmware_is_read_without_fast_reads():
    with emulated_follower(firmware=44) as old:
        follower = old.follower()
        follower.connect()
        drive(follower, AWAY, near(AWAY))
        follower.close()
