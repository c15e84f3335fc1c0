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
FREE_RANGE = range(40, 100)
PARTICIPANTS_PROBED = 20


def environment_domain() -> int:
    """ROS_DOMAIN_ID, 0 when unset.

    Raises:
        ConfigError: it is no number from 0 to 101.
    """
    text = os.environ.get("ROS_DOMAIN_ID", "0") or "0"
    if not text.isdigit() or int(text) > HIGHEST_DOMAIN:
        raise ConfigError(f"ROS_DOMAIN_ID is {text!r}; it must be 0 to {HIGHEST_DOMAIN}")
    return int(text)


def claim_domain(domain: int) -> socket.socket:
    """Lock a domain for this process; closing what is returned frees it.

    Raises:
        BusyError: another rig of this machine runs on it.
    """
    lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        lock.bind(f"\0teleop_collect-domain-{domain}")
    except OSError as error:
        lock.close()
        if error.errno != errno.EADDRINUSE:
            raise
        raise BusyError(
            f"ROS domain {domain} is in use by another rig on this machine; "
            "stop it, or set ROS_DOMAIN_ID to another number"
        ) from error
    return lock


def claim_free_domain() -> tuple[int, socket.socket]:
    """The first domain of 40 to 99 that nothing on this machine uses, locked.

    Raises:
        BusyError: all are in use.
    """
    for domain in FREE_RANGE:
        try:
            lock = claim_domain(domain)
        except BusyError:
            continue
        if not _has_participant(domain):
            return domain, lock
        lock.close()
    raise BusyError(f"no free ROS domain from {FREE_RANGE.start} to {FREE_RANGE.stop - 1}")


def _has_participant(domain: int) -> bool:
    """Whether some DDS participant of this machine listens on one of the domain's first ports.

    Port = 7400 + 250 * domain + 10 + 2 * number (DDSI-RTPS 2.5, section 9.6.2.4). The first
    participant of a graph may have gone while others live on.
    """
    first = 7410 + 250 * domain
    return any(_is_bound(first + 2 * number) for number in range(PARTICIPANTS_PROBED))


def _is_bound(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return True
    return False
