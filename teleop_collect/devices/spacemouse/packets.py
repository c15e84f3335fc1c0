"""Packets on the socket between an emulated mouse and its readers: a length byte, then the bytes.

A UNIX socket that keeps packets apart by itself queues as few as 10 (net.unix.max_dgram_qlen); a
mouse's queue in the kernel holds 64.
"""

import socket

MAX_PACKET_BYTES = 255


def send_packet(connection: socket.socket, packet: bytes) -> None:
    """Queue a packet whole.

    Raises:
        OSError: the other side is gone; BlockingIOError: the queue is full.
    """
    connection.send(bytes([len(packet)]) + packet, socket.MSG_NOSIGNAL)


def receive_packet(connection: socket.socket) -> bytes:
    """The oldest packet; empty when the other side is gone.

    Raises:
        OSError: the connection is broken; BlockingIOError: no packet, and the socket does not wait.
    """
    length = connection.recv(1)
    return connection.recv(length[0]) if length else b""
