"""When an answer has come whole, by the lengths that its packets state."""

import pytest

from teleop_collect.devices.bus_emulator import protocol
from teleop_collect.devices.dynamixel.packets import fast_share, is_whole

EACH = protocol.encode_status(1, 0, b"abcd") + protocol.encode_status(2, 0x80, b"efgh")
# FF FF FD in the data makes the packet a byte longer than its parameters.
STUFFED = protocol.encode_status(1, 0, b"\xff\xff\xfd\x00")
JOINT = protocol.encode_fast_status([(0, 1, b"abcd"), (0x80, 2, b"efgh")], 16)


@pytest.mark.parametrize("answer", [EACH, JOINT, STUFFED, EACH + STUFFED])
def test_an_answer_is_whole_where_a_packet_ends_and_nowhere_else(answer):
    assert is_whole(answer)
    ends = [n for n in range(len(answer)) if is_whole(answer[:n])]
    assert all(is_whole(answer[n:]) for n in ends)
    assert len(ends) == {EACH: 1, EACH + STUFFED: 2}.get(answer, 0)


@pytest.mark.parametrize("noise", [b"\x10", b"\xff", b"\xff\xff\xfd"])
def test_what_begins_with_noise_is_not_whole(noise):
    assert not is_whole(noise + JOINT)
    assert not is_whole(JOINT + noise)


def test_shares_of_a_joint_answer():
    assert list(fast_share(4).iter_unpack(JOINT[8:])) == [(0, 1, b"abcd"), (0x80, 2, b"efgh")]
