"""The vendor's SDK talks to the emulated bus: every instruction, exact registers, error fields."""

import struct

import dynamixel_sdk as sdk
import pytest
from support.emulated_arm import emulated_arm

IDS = (1, 3, 4, 7)
TICKS = {1: 2560, 3: 1024, 4: 2048, 7: 4095}
RAD_PER_TICK = 2 * 3.141592653589793 / 4096
POSE = {
    "shoulder_pan": (2560 - 2048) * RAD_PER_TICK,
    "elbow": -(1024 - 2048) * RAD_PER_TICK,
    "wrist_1": -0.5 * (0.0 - 0.25) + 0.1,
    "gripper": (4095 - 2048) * RAD_PER_TICK,
}


@pytest.fixture(scope="module")
def arm():
    with emulated_arm() as arm:
        yield arm


@pytest.fixture
def port(arm):
    arm.client.clear()
    arm.client.set_pose(POSE)
    handler = sdk.PortHandler(str(arm.path))
    assert handler.setBaudRate(4_000_000)
    handler.ser.timeout = 0.001
    yield handler
    handler.closePort()


@pytest.fixture
def packets():
    return sdk.PacketHandler(2.0)


def test_ping_answers_with_the_model_and_only_for_known_ids(port, packets):
    assert packets.ping(port, 1)[:2] == (1200, sdk.COMM_SUCCESS)
    assert packets.ping(port, 4)[:2] == (1020, sdk.COMM_SUCCESS)
    assert packets.ping(port, 9)[1] == sdk.COMM_RX_TIMEOUT


def test_broadcast_ping_finds_every_servo(port, packets):
    found, result = packets.broadcastPing(port)
    assert result == sdk.COMM_SUCCESS
    assert {i: model for i, (model, _) in found.items()} == {1: 1200, 3: 1200, 4: 1020, 7: 1190}


def test_read_and_write_one_servo(port, packets):
    assert packets.read4ByteTxRx(port, 3, 132) == (1024, sdk.COMM_SUCCESS, 0)
    assert packets.write1ByteTxRx(port, 3, 65, 1) == (sdk.COMM_SUCCESS, 0)
    assert packets.read1ByteTxRx(port, 3, 65) == (1, sdk.COMM_SUCCESS, 0)


@pytest.mark.parametrize("method", ["txRxPacket", "fastSyncRead"])
def test_sync_reads(port, packets, method):
    group = sdk.GroupSyncRead(port, packets, 126, 10)
    for servo_id in IDS:
        group.addParam(servo_id)
    assert getattr(group, method)() == sdk.COMM_SUCCESS
    got = {i: struct.unpack("<hii", bytes(group.data_dict[i])) for i in IDS}
    assert got == {i: (0, 0, ticks) for i, ticks in TICKS.items()}


@pytest.mark.parametrize("method", ["txRxPacket", "fastBulkRead"])
def test_bulk_reads(port, packets, method):
    group = sdk.GroupBulkRead(port, packets)
    group.addParam(1, 132, 4)
    group.addParam(7, 0, 2)
    assert getattr(group, method)() == sdk.COMM_SUCCESS
    assert group.getData(1, 132, 4) == 2560
    assert group.getData(7, 0, 2) == 1190


def test_sync_and_bulk_writes(port, packets):
    sync = sdk.GroupSyncWrite(port, packets, 112, 4)
    for servo_id in IDS:
        sync.addParam(servo_id, [servo_id, 0, 0, 0])
    assert sync.txPacket() == sdk.COMM_SUCCESS
    assert [packets.read4ByteTxRx(port, i, 112)[0] for i in IDS] == list(IDS)

    bulk = sdk.GroupBulkWrite(port, packets)
    bulk.addParam(1, 65, 1, [1])
    bulk.addParam(7, 112, 4, [0x11, 0x22, 0, 0])
    assert bulk.txPacket() == sdk.COMM_SUCCESS
    assert packets.read1ByteTxRx(port, 1, 65)[0] == 1
    assert packets.read4ByteTxRx(port, 7, 112)[0] == 0x2211


def test_data_that_looks_like_a_header_survives_both_ways(port, packets):
    # Homing Offset -131073 is FF FF FD FF on the wire.
    assert packets.writeTxRx(port, 1, 20, 4, [0xFF, 0xFF, 0xFD, 0xFF]) == (sdk.COMM_SUCCESS, 0)
    data, result, _ = packets.readTxRx(port, 1, 20, 4)
    assert (bytes(data), result) == (b"\xff\xff\xfd\xff", sdk.COMM_SUCCESS)
    assert packets.write4ByteTxRx(port, 1, 20, 0) == (sdk.COMM_SUCCESS, 0)


def test_reboot_is_confirmed_and_switches_torque_off(port, packets):
    assert packets.write1ByteTxRx(port, 1, 64, 1) == (sdk.COMM_SUCCESS, 0)
    assert packets.reboot(port, 1) == (sdk.COMM_SUCCESS, 0)
    assert packets.read1ByteTxRx(port, 1, 64)[0] == 0


def test_errors_of_the_manual(port, packets):
    assert packets.write1ByteTxRx(port, 1, 64, 5) == (sdk.COMM_SUCCESS, 4)
    assert packets.write2ByteTxRx(port, 1, 116, 5) == (sdk.COMM_SUCCESS, 5)
    assert packets.write4ByteTxRx(port, 1, 132, 5) == (sdk.COMM_SUCCESS, 7)
    assert packets.factoryReset(port, 1, 0x02) == (sdk.COMM_SUCCESS, 2)


def test_alert_bit_and_refused_torque(arm, port, packets):
    arm.client.hardware_error(4, 0x20)
    assert packets.ping(port, 4) == (1020, sdk.COMM_SUCCESS, 0x80)
    assert packets.read1ByteTxRx(port, 4, 70) == (0x20, sdk.COMM_SUCCESS, 0x80)
    assert packets.write1ByteTxRx(port, 4, 64, 1) == (sdk.COMM_SUCCESS, 0x81)
    assert packets.ping(port, 1) == (1200, sdk.COMM_SUCCESS, 0)


@pytest.mark.parametrize(
    ("kind", "results"),
    [
        ("no_reply", {sdk.COMM_RX_TIMEOUT}),
        ("truncated", {sdk.COMM_RX_CORRUPT}),
        ("bit_flip", {sdk.COMM_RX_CORRUPT}),
        ("dropped_byte", {sdk.COMM_RX_CORRUPT, sdk.COMM_RX_TIMEOUT}),
        ("garbage", {sdk.COMM_SUCCESS}),
        ("late_reply", {sdk.COMM_RX_TIMEOUT}),
    ],
)
def test_faults_look_to_the_sdk_like_real_ones_and_end(arm, port, packets, kind, results):
    arm.client.inject(kind, count=1, delay_s=0.06)
    assert packets.read4ByteTxRx(port, 1, 132)[1] in results
    assert arm.client.status()["faults"] == []


def test_a_silent_servo_breaks_a_joint_answer_off(arm, port, packets):
    arm.client.silence(4)
    group = sdk.GroupSyncRead(port, packets, 132, 4)
    for servo_id in IDS:
        group.addParam(servo_id)
    assert group.fastSyncRead() == sdk.COMM_RX_CORRUPT
    assert group.txRxPacket() == sdk.COMM_RX_TIMEOUT
    arm.client.clear()
    assert group.fastSyncRead() == sdk.COMM_SUCCESS


def test_bytes_take_their_time_on_the_wire():
    # 4 servos x 21 bytes and an 18-byte instruction are 102 bytes: 17.7 ms at 57600 baud.
    with emulated_arm(baud=57_600) as slow:
        handler = sdk.PortHandler(str(slow.path))
        assert handler.setBaudRate(57_600)
        packets = sdk.PacketHandler(2.0)
        group = sdk.GroupSyncRead(handler, packets, 126, 10)
        for servo_id in IDS:
            group.addParam(servo_id)
        start_ms = handler.getCurrentTime()
        assert group.txRxPacket() == sdk.COMM_SUCCESS
        assert handler.getCurrentTime() - start_ms >= 102 * 10 / 57.6
        handler.closePort()
