"""The bus without a line: who answers, when, and that no packet can break it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teleop_collect.devices.bus_emulator.bus import Bus
from teleop_collect.devices.bus_emulator.protocol import (
    BROADCAST_ID,
    Instruction,
    Packet,
    PacketParser,
    encode_instruction,
    encode_status,
)
from teleop_collect.devices.bus_emulator.servo import EmulatedServo, ShaftState
from teleop_collect.devices.dynamixel import models
from teleop_collect.devices.dynamixel.models import model_by_name

MODEL = model_by_name("XL330-M288")
BAUD = 1_000_000
BYTE_NS = 10_000


def make_bus(ids=(1, 2), return_delay=0):
    """Shafts turn by one tick in each 100 us."""
    servos = [
        EmulatedServo(
            i, MODEL, lambda at_ns: ShaftState(at_ns / 1e5, 0.0), return_delay=return_delay
        )
        for i in ids
    ]
    return Bus(servos, BAUD)


def ask(bus, packet_id, instruction, parameters=b"", start_ns=0):
    [packet] = PacketParser().feed(encode_instruction(packet_id, instruction, parameters))
    return bus.answer(packet, start_ns)


def test_every_byte_and_return_delay_counts():
    bus = make_bus(return_delay=25)
    first, second = ask(bus, BROADCAST_ID, Instruction.SYNC_READ, bytes.fromhex("840004000102"))
    # 16 bytes out; then 50 us of delay and 15 bytes back, twice.
    assert first.end_ns == 16 * BYTE_NS + 50_000 + 15 * BYTE_NS
    assert second.end_ns == first.end_ns + 50_000 + 15 * BYTE_NS


def test_each_servo_reads_its_shaft_at_its_own_turn():
    bus = make_bus(return_delay=25)
    first, second = ask(bus, BROADCAST_ID, Instruction.SYNC_READ, bytes.fromhex("840004000102"))
    assert first.data == encode_status(1, 0, (2).to_bytes(4, "little"))  # at 210 us
    assert second.data == encode_status(2, 0, (4).to_bytes(4, "little"))  # at 410 us


def test_a_damaged_instruction_is_reported_by_its_addressee_only():
    raw = bytearray(encode_instruction(1, Instruction.PING))
    raw[-1] ^= 0xFF
    [packet] = PacketParser().feed(bytes(raw))
    [reply] = make_bus().answer(packet, 0)
    assert reply.data == encode_status(1, 3)


def test_status_return_level_silences_confirmations_then_reads_but_never_pings():
    bus = make_bus()
    assert len(ask(bus, 1, Instruction.WRITE, b"\x41\x00\x01")) == 1
    ask(bus, 1, Instruction.WRITE, b"\x44\x00\x01")
    assert ask(bus, 1, Instruction.WRITE, b"\x41\x00\x00") == []
    assert len(ask(bus, 1, Instruction.READ, b"\x00\x00\x02\x00")) == 1
    ask(bus, 1, Instruction.WRITE, b"\x44\x00\x00")
    assert ask(bus, 1, Instruction.READ, b"\x00\x00\x02\x00") == []
    assert len(ask(bus, 1, Instruction.PING)) == 1


def test_a_broadcast_write_reaches_all_and_nobody_answers():
    bus = make_bus()
    assert ask(bus, BROADCAST_ID, Instruction.WRITE, b"\x41\x00\x01") == []
    assert [servo.read(65, 1, 0)[1] for servo in bus.servos] == [b"\x01", b"\x01"]


def test_a_new_id_counts_from_the_next_packet_on():
    bus = make_bus()
    [reply] = ask(bus, 1, Instruction.WRITE, b"\x07\x00\x09")
    assert len(reply.data) == 11
    assert ask(bus, 1, Instruction.PING) == []
    assert len(ask(bus, 9, Instruction.PING)) == 1


def test_pings_come_in_the_order_of_ids():
    replies = ask(make_bus(ids=(7, 3, 5)), BROADCAST_ID, Instruction.PING)
    assert [reply.data[4] for reply in replies] == [3, 5, 7]


@settings(max_examples=300)
@given(
    packet_id=st.sampled_from([0, 1, 2, 0xFD, BROADCAST_ID]),
    instruction=st.one_of(st.sampled_from(list(Instruction)), st.integers(0, 255)),
    parameters=st.binary(max_size=40),
    crc_ok=st.booleans(),
)
def test_no_packet_breaks_the_bus(packet_id, instruction, parameters, crc_ok):
    bus = make_bus()
    packet = Packet(packet_id, instruction, parameters, crc_ok, 10 + len(parameters))
    replies = bus.answer(packet, 0)
    assert all(reply.end_ns > 10 * BYTE_NS for reply in replies)
    assert [reply.end_ns for reply in replies] == sorted(reply.end_ns for reply in replies)


@pytest.mark.parametrize("instruction", [Instruction.FAST_SYNC_READ, Instruction.FAST_BULK_READ])
def test_a_joint_answer_that_no_packet_could_hold_is_not_given(instruction):
    parameters = {
        Instruction.FAST_SYNC_READ: b"\x00\x00\xff\xff\x01",
        Instruction.FAST_BULK_READ: b"\x01\x00\x00\xff\xff",
    }
    assert ask(make_bus(), BROADCAST_ID, instruction, parameters[instruction]) == []


def test_a_servo_obeys_its_secondary_id_in_silence_and_answers_to_its_own():
    first, second = (EmulatedServo(i, MODEL, 2048.0) for i in (1, 2))
    second.store(models.SHADOW_ID, 1)
    bus = Bus([first, second], BAUD)
    # LED (65) is RAM; Return Delay Time (9) is EEPROM.
    assert len(ask(bus, 1, Instruction.WRITE, bytes.fromhex("410001"))) == 1
    assert [servo.load(models.LED) for servo in (first, second)] == [1, 1]
    assert len(ask(bus, 1, Instruction.WRITE, bytes.fromhex("090007"))) == 1
    assert [servo.load(models.RETURN_DELAY_TIME) for servo in (first, second)] == [7, 0]
    ask(bus, BROADCAST_ID, Instruction.SYNC_WRITE, bytes.fromhex("410001000100"))
    assert [servo.load(models.LED) for servo in (first, second)] == [0, 0]
    [reply] = ask(bus, 2, Instruction.READ, bytes.fromhex("09000100"))
    assert reply.data == encode_status(2, 0, bytes([0]))
