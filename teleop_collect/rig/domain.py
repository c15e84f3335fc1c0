"""One rig a ROS domain: a lock that keeps two rigs of this machine from talking to each other.

The lock is the name of a socket in Linux's abstract namespace (unix(7)): all processes that share a
network, and so could hear each other, share the names too, whatever their folders for temporary
files are; and the kernel frees the name with the process.
"""

import errno
import os
import socket

from teleop_collect.errors import BusyError, ConfigError

HIGHEST_DOMAIN = 101
"""Above it, DDS ports collide with Linux's ephemeral ports (ROS 2 documentation, ROS_DOMAIN_ID)."""


def environment_domain() -> int:
    """ROS_DOMAIN_ID, 0 when unset.

    Raises:
        ConfigError: it is no number from 0 to 101.
    """
    text = os.environ.get("ROS_DOMAIN_ID", "0") or "0"
    if not text.isdigit() or int(text) > HIGHEST_DOMAIN:
        raise ConfigError(f"ROS_DOMAIN_ID is {text!r}; it must be 0 to {HIGHEST_DOMAIN}")
    return int(text)


def claim_domain(domain: int, namespace: str = "") -> socket.socket:
    """Lock a domain for this process; closing what is returned frees it.

    Args:
        domain: its number.
        namespace: ROS namespace of the rig; rigs in different ones do not hear each other.

    Raises:
        BusyError: another rig of this machine runs on it.
    """
    lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    place = f"{domain}/{namespace.strip('/')}".rstrip("/")
    try:
        lock.bind(f"\0teleop_collect-domain-{place}")
    except OSError as error:
        lock.close()
        if error.errno != errno.EADDRINUSE:
            raise
        raise BusyError(
            f"ROS domain {place} is in use by another rig on this machine; "
            "stop it, or set ROS_DOMAIN_ID to another number"
        ) from error
    return lock
