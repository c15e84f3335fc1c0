"""The SDK's port handler as changed for this package, on a bare pseudo terminal."""

import contextlib
import os
import threading
import time
import tty

import dynamixel_sdk as sdk
import pytest

from teleop_collect.devices.dynamixel.sdk_port import SdkPort


@pytest.fixture
def terminal():
    master, slave = os.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    os.close(master)
    os.close(slave)


@pytest.fixture
def port(terminal):
    port = SdkPort(terminal[1], latency_ms=1.0)
    assert port.setBaudRate(4_000_000)
    yield port
    port.closePort()


def test_reads_block_in_the_kernel_after_every_change_of_the_baud_rate(port):
    assert port.ser.timeout == 0.001
    assert port.setBaudRate(1_000_000)
    assert port.ser.timeout == 0.001


def test_time_out_follows_bytes_and_latency(port):
    assert port.setBaudRate(1_000_000)
    port.setPacketTimeout(100)
    assert port.packet_timeout == pytest.approx(1.0 + 2 * 1.0 + 2.0)


def test_a_step_of_the_wall_clock_ends_no_wait(port, monkeypatch):
    port.setPacketTimeout(10_000_000)
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert not port.isPacketTimeout()


def test_what_was_gathered_is_read_again_and_forgotten_with_the_next_request(terminal, port):
    master, _ = terminal
    port.request(b"ask", 10_000_000)
    assert os.read(master, 16) == b"ask"
    os.write(master, b"answer")
    assert port.gather(6) == b"answer"
    assert (port.readPort(4), port.readPort(100)) == (b"answ", b"er")
    os.write(master, b"old")
    assert port.gather(3) == b"old"
    port.request(b"ask", 10_000_000)
    os.write(master, b"new")
    assert port.gather(3) == b"new"


def test_gathering_ends_with_the_time_out(terminal, port):
    master, _ = terminal
    port.request(b"ask", 6)
    os.write(master, b"ans")
    assert port.gather(6) in (b"", b"ans")
    assert port.isPacketTimeout()


def test_a_line_that_never_falls_silent_ends_the_read(terminal, port):
    master, _ = terminal
    os.set_blocking(master, False)
    stop = threading.Event()

    def babble():
        while not stop.is_set():
            with contextlib.suppress(BlockingIOError):
                os.write(master, b"\x12" * 512)

    thread = threading.Thread(target=babble)
    thread.start()
    port.setPacketTimeout(100)
    _, result = sdk.PacketHandler(2.0).rxPacket(port, False)
    stop.set()
    thread.join()
    assert result in (sdk.COMM_RX_CORRUPT, sdk.COMM_RX_TIMEOUT)
