"""One rig a ROS domain: a lock that keeps two rigs of this machine from talking to each other."""

import fcntl
import os
import socket
import tempfile
from pathlib import Path
from typing import IO

from teleop_collect.errors import BusyError, ConfigError

HIGHEST_DOMAIN = 101
"""Above it, DDS ports collide with Linux's ephemeral ports (ROS 2 documentation, ROS_DOMAIN_ID)."""
FREE_RANGE = range(40, 100)


def environment_domain() -> int:
    """ROS_DOMAIN_ID, 0 when unset.

    Raises:
        ConfigError: it is no number from 0 to 101.
    """
    text = os.environ.get("ROS_DOMAIN_ID", "0") or "0"
    if not text.isdigit() or int(text) > HIGHEST_DOMAIN:
        raise ConfigError(f"ROS_DOMAIN_ID is {text!r}; it must be 0 to {HIGHEST_DOMAIN}")
    return int(text)


def claim_domain(domain: int) -> IO[str]:
    """Lock a domain for this process; closing the returned file frees it.

    Raises:
        BusyError: another rig of this machine runs on it.
    """
    path = Path(tempfile.gettempdir()) / f"teleop_collect-domain-{domain}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    lock = os.fdopen(descriptor, "r+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise BusyError(
            f"ROS domain {domain} is in use by another rig on this machine; "
            "stop it, or set ROS_DOMAIN_ID to another number"
        ) from error
    return lock


def claim_free_domain() -> tuple[int, IO[str]]:
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
    """Whether some DDS participant of this machine listens on the domain's first port.

    Port = 7400 + 250 * domain + 10 for participant 0 (DDSI-RTPS 2.5, section 9.6.2.4).
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", 7410 + 250 * domain))
        except OSError:
            return True
    return False
