"""Packets against the examples of the vendor's manual."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleop_collect.devices.bus_emulator.protocol import (
    Instruction,
    PacketParser,
    crc16,
    encode_fast_status,
    encode_instruction,
    encode_status,
    stuff,
    unstuff,
)

# e-Manual, "DYNAMIXEL Protocol 2.0", examples of the instructions.
INSTRUCTIONS = [
    (1, Instruction.PING, "", "FFFFFD000103000119 4E"),
    (0xFE, Instruction.PING, "", "FFFFFD00FE0300013142"),
    (1, Instruction.READ, "84000400", "FFFFFD0001070002840004001D15"),
    (1, Instruction.WRITE, "740000020000", "FFFFFD00010900037400 00020000CA89"),
    (1, Instruction.REBOOT, "", "FFFFFD00010300082F4E"),
    (0xFE, Instruction.SYNC_READ, "840004000102", "FFFFFD00FE09008284000400 0102CEFA"),
    (
        0xFE,
        Instruction.BULK_READ,
        "01900002000292000100",
        "FFFFFD00FE0D0092 01900002000292000100 1A05",
    ),
]
STATUSES = [
    (1, 0, "060426", "FFFFFD0001070055 00060426655D"),
    (1, 0, "A6000000", "FFFFFD000108005500A60000008CC0"),
    (2, 0, "1F080000", "FFFFFD0002080055001F080000BABE"),
    (1, 0, "", "FFFFFD000104005500A10C"),
]


@pytest.mark.parametrize(("packet_id", "instruction", "parameters", "wire"), INSTRUCTIONS)
def test_instruction_packets_equal_the_manual(packet_id, instruction, parameters, wire):
    packet = encode_instruction(packet_id, instruction, bytes.fromhex(parameters))
    assert packet == bytes.fromhex(wire)


@pytest.mark.parametrize(("packet_id", "error", "parameters", "wire"), STATUSES)
def test_status_packets_equal_the_manual(packet_id, error, parameters, wire):
    assert encode_status(packet_id, error, bytes.fromhex(parameters)) == bytes.fromhex(wire)


def test_fast_sync_read_status_equals_the_manual():
    blocks = [
        (0, 3, bytes.fromhex("A6000000")),
        (0, 7, bytes.fromhex("1F080000")),
        (0, 4, bytes.fromhex("FF030000")),
    ]
    assert encode_fast_status(blocks, 24) == bytes.fromhex(
        "FFFFFD00FE190055 0003A60000008408 00071F08000016CA 0004FF030000D19E"
    )


def test_checksum_of_no_bytes_is_zero_and_is_resumable():
    whole = bytes(range(256))
    assert crc16(b"") == 0
    assert crc16(whole[100:], crc16(whole[:100])) == crc16(whole)


def test_a_header_inside_the_data_is_stuffed():
    packet = encode_status(1, 0, bytes.fromhex("FFFFFD00"))
    assert packet[5:7] == bytes([4 + 4 + 1, 0])
    assert packet[9:14] == bytes.fromhex("FFFFFDFD00")


@given(st.lists(st.sampled_from([0xFF, 0xFD, 0x00, 0x55]), max_size=40).map(bytes))
def test_stuffing_is_undone_and_leaves_no_header(content):
    stuffed = stuff(content)
    assert unstuff(stuffed) == content
    assert b"\xff\xff\xfd\x00" not in stuffed


@given(
    parameters=st.lists(st.sampled_from([0xFF, 0xFD, 0x00, 0x07]), max_size=30).map(bytes),
    cut=st.integers(0, 60),
)
def test_parser_finds_packets_however_the_bytes_are_cut(parameters, cut):
    wire = encode_instruction(5, Instruction.WRITE, parameters) * 2
    parser = PacketParser()
    packets = [*parser.feed(wire[:cut]), *parser.feed(wire[cut:])]
    assert [p.parameters for p in packets] == [parameters, parameters]
    assert all(p.crc_ok and p.packet_id == 5 for p in packets)


def test_parser_skips_garbage_and_goes_on():
    ping = encode_instruction(1, Instruction.PING)
    packets = list(PacketParser().feed(b"\xff\xff\x12\xff\xfd" + ping + b"\x00\x01" + ping))
    assert [p.instruction for p in packets] == [Instruction.PING, Instruction.PING]


def test_parser_reports_a_wrong_checksum():
    ping = bytearray(encode_instruction(1, Instruction.PING))
    ping[-1] ^= 1
    [packet] = PacketParser().feed(bytes(ping))
    assert not packet.crc_ok
