"""The leader's driver through the real SDK against an emulated bus in another process."""

import contextlib
import math
import threading
import time

import dynamixel_sdk as sdk
import pytest
from support.emulated_arm import emulated_arm, wait_for

from teleop_collect.clock import SystemClock
from teleop_collect.devices.dynamixel.leader import DynamixelLeader
from teleop_collect.errors import (
    BusyError,
    ConfigError,
    DeviceDisconnected,
    DeviceError,
    DeviceTimeout,
)
from teleop_collect.rig.config import Servo

RAD_PER_TICK = 2 * math.pi / 4096
UNIT_RAD_S = 0.229 * 2 * math.pi / 60
JOINTS = ("shoulder_pan", "elbow", "wrist_1", "gripper")
HOME = dict.fromkeys(JOINTS, 0.0)
AWAY = {"shoulder_pan": 1.0, "elbow": 1.0, "wrist_1": 0.8, "gripper": 1.0}
READABLE_S = 20.0


@pytest.fixture(scope="module")
def shared_arm():
    with emulated_arm() as arm:
        yield arm


@pytest.fixture
def arm(shared_arm):
    shared_arm.restore()
    shared_arm.client.set_pose(HOME)
    return shared_arm


@pytest.fixture
def leader(arm):
    leader = arm.leader()
    leader.connect()
    yield leader
    leader.close()


def read_again(leader, timeout_s=READABLE_S):
    """The next sample; time-outs on the way are part of the fault."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return leader.read()
        except DeviceTimeout:
            assert time.monotonic() < deadline, "the driver did not read again"
            time.sleep(0.005)


def test_positions_are_exact_ticks_scaled_to_joints(arm, leader):
    arm.client.set_pose({"shoulder_pan": math.pi / 4, "elbow": 0.5, "wrist_1": 0.3, "gripper": 1.0})
    sample = read_again(leader)
    assert sample.names == JOINTS
    # pan: pi/4 is tick 2560; elbow: sign -1, 0.5 rad is tick 1722 (nearest of 1722.05);
    # wrist_1: angle (0.3 - 0.1) / -0.5 + 0.25 = -0.15 rad, tick 1950; gripper: tick 2700.
    expected = (
        512 * RAD_PER_TICK,
        -(1722 - 2048) * RAD_PER_TICK,
        -0.5 * ((1950 - 2048) * RAD_PER_TICK - 0.25) + 0.1,
        (2700 - 2048) * RAD_PER_TICK,
    )
    assert sample.position == pytest.approx(expected, abs=1e-12)
    assert sample.velocity == (0.0, 0.0, 0.0, 0.0)
    assert sample.effort == ()


def test_velocity_has_the_joints_sign_scale_and_unit(arm, leader):
    ramp = [[0.01 * i, 0.01 * i, 0.005 * i] for i in range(400)]
    arm.client.play(
        {"rate_hz": 100, "joints": ["shoulder_pan", "elbow", "wrist_1"], "positions": ramp}
    )
    wait_for(lambda: read_again(leader).velocity[0] != 0)
    wait_for(lambda: arm.client.status()["t_s"] > 0.05)
    # 1 rad/s of the servo is 41.7 units; the register holds whole units.
    sample = read_again(leader)
    assert sample.velocity == pytest.approx(
        (42 * UNIT_RAD_S, 42 * UNIT_RAD_S, 0.5 * 42 * UNIT_RAD_S, 0.0), abs=1e-12
    )


def test_a_position_whose_bytes_look_like_a_header_survives(arm, leader):
    ticks = -131_073  # FF FF FD FF on the wire, stuffed with one more FD
    arm.client.set_pose({"shoulder_pan": (ticks - 2048) * RAD_PER_TICK})
    sample = read_again(leader)
    assert sample.position[0] == pytest.approx((ticks - 2048) * RAD_PER_TICK, abs=1e-9)


def test_stamp_is_the_utc_time_of_the_exchange(leader):
    before_ns = time.time_ns()
    sample = read_again(leader)
    assert before_ns <= sample.stamp_ns <= time.time_ns()


def test_follows_the_hand_in_real_time(arm, leader):
    ramp = [[0.02 * i] for i in range(101)]
    started = arm.client.play({"rate_hz": 100, "joints": ["gripper"], "positions": ramp})
    start_ns = started["start_monotonic_ns"]

    def pose(at_ns):
        return min(max((at_ns - start_ns) / 1e9 * 2.0, 0.0), 2.0)

    # The ramp starts and ends with a slope of 0: the spline leaves the line by 4/27 of a step.
    tolerance = RAD_PER_TICK / 2 + 0.02 * 4 / 27
    seen = set()
    while arm.client.status()["playing"]:
        before_ns = time.monotonic_ns()
        position = read_again(leader).by_name()["gripper"]
        after_ns = time.monotonic_ns()
        assert pose(before_ns) - tolerance <= position <= pose(after_ns) + tolerance
        seen.add(position)
    assert len(seen) > 20
    assert read_again(leader).by_name()["gripper"] == pytest.approx(2.0, abs=RAD_PER_TICK / 2)


def test_connecting_switches_torque_off():
    with emulated_arm(torque=True) as stiff:
        assert all(stiff.client.status()["torque"].values())
        leader = stiff.leader()
        leader.connect()
        assert not any(stiff.client.status()["torque"].values())
        stiff.client.set_pose(AWAY)
        assert read_again(leader).by_name() == pytest.approx(AWAY, abs=RAD_PER_TICK / 2)
        leader.close()


def test_facts_tell_the_servos_settings(leader):
    facts = leader.facts["wrist_1"]
    assert facts.model_number == 1020
    assert facts.return_delay_s == 0.0
    assert facts.operating_mode == 3
    assert facts.homing_offset_ticks == 0


@pytest.mark.parametrize("kind", ["no_reply", "truncated", "bit_flip", "dropped_byte"])
def test_a_spoilt_answer_is_a_timeout_and_the_next_read_is_fresh(arm, leader, kind):
    arm.client.inject(kind, count=1)
    with pytest.raises(DeviceTimeout, match=r"no whole answer"):
        leader.read()
    arm.client.set_pose(AWAY)
    assert read_again(leader).by_name() == pytest.approx(AWAY, abs=RAD_PER_TICK)


def test_garbage_before_every_answer_is_skipped(arm, leader):
    arm.client.inject("garbage", count=None)
    assert read_again(leader).by_name() == pytest.approx(HOME, abs=RAD_PER_TICK)


@pytest.mark.parametrize("delay_s", [0.025, 0.04, 0.06, 0.12])
def test_a_late_answer_is_never_taken_for_a_fresh_one(arm, leader, delay_s):
    arm.client.inject("late_reply", count=3, delay_s=delay_s)
    for _ in range(3):
        # On a busy machine the answer may come before the driver has looked for it in vain.
        with contextlib.suppress(DeviceTimeout):
            assert leader.read().by_name() == pytest.approx(HOME, abs=RAD_PER_TICK)
    arm.client.set_pose(AWAY)
    end = time.monotonic() + delay_s + 0.1
    samples = []
    while time.monotonic() < end:
        try:
            samples.append(leader.read().by_name())
        except DeviceTimeout:
            continue
    assert samples
    assert all(sample == pytest.approx(AWAY, abs=RAD_PER_TICK) for sample in samples)


def test_reads_again_after_a_long_silence_of_the_bus(arm, leader):
    arm.client.inject("no_reply", count=None)
    for _ in range(40):
        with pytest.raises(DeviceTimeout):
            leader.read()
    arm.client.clear()
    arm.client.set_pose(AWAY)
    assert read_again(leader).by_name() == pytest.approx(AWAY, abs=RAD_PER_TICK)


def test_a_silent_servo_is_named_and_no_part_of_the_reading_is_used(arm, leader):
    arm.client.silence(4)
    with pytest.raises(DeviceTimeout, match="fast read of all servos"):
        leader.read()
    with pytest.raises(DeviceTimeout, match=r"servo 4 \(wrist_1\)") as caught:
        leader.read()
    assert "elbow" not in str(caught.value)
    arm.client.set_pose(AWAY)
    with pytest.raises(DeviceTimeout):
        leader.read()
    arm.client.clear()
    assert read_again(leader).by_name() == pytest.approx(AWAY, abs=RAD_PER_TICK)


def test_a_hardware_error_needs_a_person_and_ends_with_its_cause(arm, leader):
    arm.client.hardware_error(4, 0x20)
    with pytest.raises(DeviceError, match=r"servo 4 \(wrist_1\).*overload \(status 0x20\)"):
        read_again(leader)
    again = arm.leader()
    leader.close()
    with pytest.raises(DeviceError, match="overload"):
        again.connect()
    arm.client.clear()
    again.connect()
    assert read_again(again).names == JOINTS
    again.close()


def test_unplugging_while_reading_and_plugging_in_again(arm, leader):
    raised = []

    def read_for_ever():
        try:
            while True:
                with contextlib.suppress(DeviceTimeout):
                    leader.read()
        except DeviceError as error:
            raised.append(error)

    thread = threading.Thread(target=read_for_ever)
    thread.start()
    exchanges = arm.client.status()["exchanges"]
    wait_for(lambda: arm.client.status()["exchanges"] > exchanges + 20)
    arm.client.unplug()
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert isinstance(raised[0], DeviceDisconnected)
    with pytest.raises(DeviceDisconnected):
        leader.connect()
    arm.client.plug()
    arm.client.set_pose(AWAY)
    leader.connect()
    assert read_again(leader).by_name() == pytest.approx(AWAY, abs=RAD_PER_TICK)


def test_unplugging_between_reads(arm, leader):
    arm.client.unplug()
    with pytest.raises(DeviceDisconnected, match=str(arm.path)):
        leader.read()
    with pytest.raises(DeviceDisconnected, match="not open"):
        leader.read()


def test_a_second_driver_on_the_port_is_refused_and_disturbs_nothing(arm, leader):
    second = arm.leader()
    with pytest.raises(BusyError, match=f"{arm.path} is in use by process"):
        second.connect()
    for _ in range(20):
        read_again(leader)
    leader.close()
    second.connect()
    assert read_again(second).names == JOINTS
    second.close()


def test_the_same_port_through_another_path_is_the_same_port(arm, leader, tmp_path):
    link = tmp_path / "by-id"
    link.symlink_to(arm.path)
    second = DynamixelLeader(arm.config, str(link), SystemClock())
    with pytest.raises(BusyError):
        second.connect()


def test_a_wrong_model_is_named_with_what_was_found(arm):
    servos = arm.config.servos | {"elbow": Servo(id=3, model="XL330-M077")}
    leader = arm.leader(servos=servos)
    with pytest.raises(DeviceError, match=r"servo 3 \(elbow\) is a XL330-M288 .*1200.*XL330-M077"):
        leader.connect()
    other = arm.leader()
    other.connect()
    other.close()


def test_a_missing_servo_is_named_with_those_that_answer(arm):
    servos = arm.config.servos | {"elbow": Servo(id=42, model="XL330-M288")}
    found = (
        r"4000000 baud: found ids 1 \(XL330-M288\), 3 \(XL330-M288\), 4 \(XM430-W350\), "
        r"7 \(XL330-M077\)"
    )
    told = rf"servo 42 \(elbow\).*check power.*then run teleop-collect check; .*{found}"
    with pytest.raises(DeviceTimeout, match=told):
        arm.leader(servos=servos).connect()


def test_a_bus_at_another_baud_rate_answers_nothing_and_is_told_as_such(arm):
    told = r"servo 1 \(shoulder_pan\).*check .*baud rate.* at 1000000 baud: no servo answers"
    with pytest.raises(DeviceTimeout, match=told):
        arm.leader(baud=1_000_000).connect()
    right = arm.leader()
    right.connect()
    assert read_again(right).names == JOINTS


def test_a_rate_that_the_bus_cannot_reach_is_refused(arm):
    handler = sdk.PortHandler(str(arm.path))
    handler.setBaudRate(4_000_000)
    packets = sdk.PacketHandler(2.0)
    ids = [servo.id for servo in arm.config.servos.values()]
    try:
        for servo_id in ids:
            assert packets.write1ByteTxRx(handler, servo_id, 9, 250) == (0, 0)
        with pytest.raises(DeviceError, match=r"at least 2\.\d ms.*Return Delay Time"):
            arm.leader(rate_hz=500).connect()
        leader = arm.leader(rate_hz=200)
        leader.connect()
        assert leader.facts["elbow"].return_delay_s == pytest.approx(0.0005)
        read_again(leader)
        leader.close()
    finally:
        for servo_id in ids:
            packets.write1ByteTxRx(handler, servo_id, 9, 0)
        handler.closePort()


def test_a_missing_port_is_told_apart_from_a_busy_one(arm, tmp_path):
    leader = DynamixelLeader(arm.config, str(tmp_path / "ttyNONE"), SystemClock())
    with pytest.raises(DeviceDisconnected, match=r"No such file.*plugged in"):
        leader.connect()
    with pytest.raises(DeviceDisconnected, match="not open"):
        leader.read()


def test_a_baud_rate_unknown_to_the_sdk_is_refused(arm):
    leader = arm.leader(baud=123_456)
    with pytest.raises(ConfigError, match="123456 is not supported"):
        leader.connect()
    leader.close()


@pytest.mark.parametrize(
    ("servos", "fault"),
    [
        ({}, "no servos"),
        ({"a": Servo(id=1, model="XL330-M288"), "b": Servo(id=1, model="XL330-M288")}, "id 1"),
        (
            {
                "a": Servo(id=1, shadow_id=2, model="XL330-M288"),
                "b": Servo(id=2, model="XL330-M288"),
            },
            "joints a and b both have servo id 2",
        ),
        ({"a": Servo(id=1, model="XL330-M280")}, "did you mean XL330-M288"),
        ({"a": Servo(id=1, model="XL330-M288", scale=0.0)}, "scale of servo 1 is 0"),
    ],
)
def test_a_wrong_configuration_is_refused_before_connecting(arm, servos, fault):
    with pytest.raises(ConfigError, match=fault):
        arm.leader(servos=servos)


def test_close_twice_and_connect_again(arm):
    leader = arm.leader()
    leader.close()
    leader.connect()
    leader.connect()
    leader.close()
    leader.close()
    leader.connect()
    assert read_again(leader).names == JOINTS
    leader.close()
