"""Ways to read and command the servos of one bus: this package's, and others' with the same SDK."""

import os
import select
import struct
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dynamixel_sdk as sdk

from dynamixel_load.buses import (
    BLOCK_BYTES,
    FAST_HEAD_BYTES,
    FAST_SHARE_BYTES,
    GOAL_BYTES,
    IDS,
    SERVOS,
    joint_names,
)
from teleop_collect.devices.bus_emulator.protocol import (
    BROADCAST_ID,
    Instruction,
    encode_instruction,
)
from teleop_collect.devices.dynamixel.follower import DynamixelFollower
from teleop_collect.errors import DeviceTimeout

BLOCK_START, GOAL_POSITION = 126, 116


def own_cycle(follower: DynamixelFollower) -> Callable[[], None]:
    """Goals out and joints in, in one turn of the bus."""
    goals = dict.fromkeys(joint_names(), 0.1)

    def cycle() -> None:
        follower.exchange(lambda: goals)

    return cycle


def two_calls_cycle(follower: DynamixelFollower) -> Callable[[], None]:
    """A command, then a reading."""
    goals = dict.fromkeys(joint_names(), 0.1)

    def cycle() -> None:
        follower.command(goals)
        follower.read()

    return cycle


@contextmanager
def line_alone(path: Path, baud: int) -> Iterator[Callable[[], None]]:
    """The bytes of one command and one fast reading, and nobody who looks at them."""
    goals = b"".join(struct.pack("<Bi", i, 2113) for i in IDS)
    write = struct.pack("<HH", GOAL_POSITION, GOAL_BYTES) + goals
    read = struct.pack("<HH", BLOCK_START, BLOCK_BYTES) + bytes(IDS)
    both = encode_instruction(BROADCAST_ID, Instruction.SYNC_WRITE, write)
    both += encode_instruction(BROADCAST_ID, Instruction.FAST_SYNC_READ, read)
    answer_bytes = FAST_HEAD_BYTES + SERVOS * (FAST_SHARE_BYTES + BLOCK_BYTES)
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(fd)
    settings = termios.tcgetattr(fd)
    settings[4] = settings[5] = getattr(termios, f"B{baud}")
    termios.tcsetattr(fd, termios.TCSANOW, settings)

    def cycle() -> None:
        os.write(fd, both)
        missing = answer_bytes
        while missing:
            if not select.select([fd], [], [], 0.1)[0]:
                raise DeviceTimeout("no answer")
            missing -= len(os.read(fd, missing))

    try:
        yield cycle
    finally:
        os.close(fd)


@contextmanager
def stock_port(path: Path, baud: int) -> Iterator[tuple[sdk.PortHandler, sdk.PacketHandler]]:
    """The SDK's port as its users open it."""
    port, packets = sdk.PortHandler(str(path)), sdk.PacketHandler(2.0)
    port.openPort()
    port.setBaudRate(baud)
    try:
        yield port, packets
    finally:
        port.closePort()


def goal_writer(port: sdk.PortHandler, packets: sdk.PacketHandler) -> Callable[[], None]:
    """A sync write of all goals, parameters made anew each time."""

    def write() -> None:
        group = sdk.GroupSyncWrite(port, packets, 116, 4)
        for servo_id in IDS:
            group.addParam(servo_id, list(struct.pack("<i", 2113)))
        group.txPacket()

    return write


def lerobot_cycle(port: sdk.PortHandler, packets: sdk.PacketHandler) -> Callable[[], None]:
    """A sync read of positions and one of velocities, then a sync write of goals."""
    write = goal_writer(port, packets)

    def read(address: int) -> None:
        group = sdk.GroupSyncRead(port, packets, address, 4)
        for servo_id in IDS:
            group.addParam(servo_id)
        group.txRxPacket()
        for servo_id in IDS:
            group.getData(servo_id, address, 4)

    def cycle() -> None:
        read(132)
        read(128)
        write()

    return cycle


def gello_cycle(port: sdk.PortHandler, packets: sdk.PacketHandler) -> Callable[[], None]:
    """One lasting group for positions and one for velocities, then a sync write of goals."""
    groups = []
    for address in (132, 128):
        group = sdk.GroupSyncRead(port, packets, address, 4)
        for servo_id in IDS:
            group.addParam(servo_id)
        groups.append((address, group))
    write = goal_writer(port, packets)

    def cycle() -> None:
        for address, group in groups:
            group.txRxPacket()
            for servo_id in IDS:
                if group.isAvailable(servo_id, address, 4):
                    group.getData(servo_id, address, 4)
        write()

    return cycle


def each_servo_cycle(port: sdk.PortHandler, packets: sdk.PacketHandler) -> Callable[[], None]:
    """A read of position and one of velocity from each servo, then a sync write."""
    write = goal_writer(port, packets)

    def cycle() -> None:
        for servo_id in IDS:
            packets.read4ByteTxRx(port, servo_id, 132)
            packets.read4ByteTxRx(port, servo_id, 128)
        write()

    return cycle


PEERS = {
    "LeRobot's pattern": lerobot_cycle,
    "GELLO's pattern": gello_cycle,
    "one read for each servo and quantity": each_servo_cycle,
}
