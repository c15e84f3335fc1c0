"""One bus and who uses it: late and damaged answers, threads, alerts, and what a failure leaves."""

import threading
import time
from contextlib import suppress

import pytest
from support.emulated_follower import IDS, emulated_follower

from teleop_collect.devices.dynamixel import models
from teleop_collect.devices.dynamixel.port import BusPort
from teleop_collect.devices.dynamixel.sdk_port import SdkPort
from teleop_collect.errors import BusyError, ConfigError, DeviceError, DeviceTimeout

BAUD = 4_000_000
PAN, ELBOW = IDS["shoulder_pan"], IDS["elbow"]
BLOCK = 126, 10
LATE_S = 0.06
"""Longer than any time-out of a test's port, shorter than the driver waits for late answers."""


@pytest.fixture(scope="module")
def shared_arm():
    with emulated_follower() as arm:
        yield arm


@pytest.fixture
def arm(shared_arm):
    shared_arm.restore()
    for servo_id in IDS.values():
        shared_arm.client.reboot(servo_id, boot_s=0.0)
    return shared_arm


@pytest.fixture
def port(arm):
    port = BusPort(str(arm.path), BAUD)
    port.open()
    port.read(PAN, 116, 4)
    yield port
    port.close()


def late(arm, delay_s=LATE_S):
    arm.client.inject("late_reply", count=1, delay_s=delay_s)


def test_a_late_answer_to_a_read_does_not_confirm_a_write(arm, port):
    late(arm, 0.03)
    with pytest.raises(DeviceTimeout):
        port.read(PAN, *BLOCK)
    arm.client.inject("no_reply", count=1)
    with pytest.raises(DeviceTimeout):
        port.write(PAN, models.GOAL_POSITION, 2100)


def test_a_late_answer_to_a_group_read_does_not_confirm_a_write(arm, port):
    late(arm, 0.03)
    assert port.sync_read([PAN], *BLOCK) == {}
    arm.client.inject("no_reply", count=1)
    with pytest.raises(DeviceTimeout):
        port.write(PAN, models.GOAL_POSITION, 2100)


def test_a_late_confirmation_does_not_confirm_the_next_write(arm, port):
    late(arm)
    with pytest.raises(DeviceTimeout):
        port.write(PAN, models.GOAL_POSITION, 2100)
    arm.client.inject("no_reply", count=1)
    with pytest.raises(DeviceTimeout):
        port.write(PAN, models.GOAL_POSITION, 2200)


@pytest.mark.parametrize("delay_s", [0.025, LATE_S, 0.12])
def test_a_late_answer_does_not_pass_for_that_to_the_next_read(arm, port, delay_s):
    arm.client.write(PAN, 116, 2100)
    late(arm, delay_s)
    with pytest.raises(DeviceTimeout):
        port.read(PAN, 116, 4)
    arm.client.write(PAN, 116, 2300)
    end, goals = time.monotonic() + delay_s + 0.02, set()
    while time.monotonic() < end or not goals:
        # A busy machine may lose one more.
        with suppress(DeviceTimeout):
            goals.add(port.read(PAN, 116, 4).data)
    assert goals == {models.GOAL_POSITION.pack(2300)}


def test_a_servo_that_owes_an_answer_does_not_delay_the_others(arm, port):
    arm.client.inject("no_reply", count=1)
    with pytest.raises(DeviceTimeout):
        port.write(PAN, models.GOAL_POSITION, 2100)
    late(arm)
    with pytest.raises(DeviceTimeout):
        port.read(ELBOW, 116, 4)
    assert port.write(ELBOW, models.GOAL_POSITION, 2200).error == 0


def test_answers_under_way_when_a_port_is_left_are_gone_when_it_is_taken_again(arm, port):
    late(arm)
    with pytest.raises(DeviceTimeout):
        port.write(PAN, models.GOAL_POSITION, 2100)
    port.close()
    port.open()
    arm.client.inject("no_reply", count=1)
    with pytest.raises(DeviceTimeout):
        port.write(PAN, models.GOAL_POSITION, 2200)


def test_two_threads_share_a_port_without_spoiling_each_others_exchanges(port):
    values = {PAN: range(2000, 2150), ELBOW: range(2200, 2350)}
    wrong, lost = [], []

    def exchange(servo_id, value):
        port.write(servo_id, models.GOAL_POSITION, value)
        read = models.GOAL_POSITION.unpack(port.read(servo_id, 116, 4).data)
        together = port.sync_read([PAN, ELBOW], *BLOCK)
        if read != value or set(together) not in ({PAN, ELBOW}, set()):
            wrong.append((servo_id, value, read, together))

    def work(servo_id):
        for value in values[servo_id]:
            try:
                exchange(servo_id, value)
            except DeviceTimeout:
                # A busy machine loses an answer now and then; a spoilt exchange would lose most.
                lost.append(value)
            except DeviceError as error:
                wrong.append((servo_id, str(error)))

    threads = [threading.Thread(target=work, args=(servo_id,)) for servo_id in values]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(lost) < 30


def test_torque_on_a_servo_in_alarm_is_refused_and_not_taken_for_an_alert_alone(arm, port):
    # Error field 129: the alert bit and "result fail", of which the SDK's own text tells one.
    arm.client.hardware_error(PAN, 0x20)
    with pytest.raises(DeviceError, match=rf"servo {PAN} refuses 1 at address 64.*Failed") as told:
        port.write(PAN, models.TORQUE_ENABLE, 1)
    assert not isinstance(told.value, DeviceTimeout)
    assert not arm.torque("shoulder_pan")
    reply = port.read(PAN, 70, 1)
    assert (reply.alert, reply.error_number, reply.data) == (True, 0, b"\x20")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ConfigError("impossible")])
def test_an_open_that_breaks_off_leaves_the_device_free(arm, monkeypatch, error):
    def interrupted(*_):
        raise error

    port = BusPort(str(arm.path), BAUD)
    with monkeypatch.context() as patch:
        patch.setattr(SdkPort, "setBaudRate", interrupted)
        with pytest.raises(type(error)):
            port.open()
    other = BusPort(str(arm.path), BAUD)
    other.open()
    with pytest.raises(BusyError):
        port.open()
    other.close()


def test_a_close_that_breaks_off_leaves_the_device_free(arm, port, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(SdkPort, "closePort", interrupted)
        with pytest.raises(KeyboardInterrupt):
            port.close()
    other = BusPort(str(arm.path), BAUD)
    other.open()
    other.close()
