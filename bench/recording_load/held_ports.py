"""Keeps the UDP ports of a process that has ended, so that the next one takes others.

Fast DDS 2.14 derives the shared-memory port of a process from its UDP port. Where a process was
killed, the next one with the same port now and then hears nothing of those that run on: they write
to the memory of the one before (eProsima/Fast-DDS issues 2811, 5053, 5469). Under another port it
hears everything.
"""

import re
import socket
from contextlib import ExitStack, suppress
from pathlib import Path

_SOCKET = re.compile(r"socket:\[(\d+)\]")


def udp_ports(pid: int) -> list[int]:
    """UDP ports that a process has bound."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            if found := _SOCKET.fullmatch(str(link.readlink())):
                inodes.add(found[1])
    rows = [line.split() for line in Path(f"/proc/{pid}/net/udp").read_text().splitlines()[1:]]
    return sorted({int(row[1].partition(":")[2], 16) for row in rows if row[9] in inodes})


def hold(ports: list[int], stack: ExitStack) -> None:
    """Bind what is free of these ports until the stack is closed."""
    for port in ports:
        held = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        with suppress(OSError):
            held.bind(("", port))
