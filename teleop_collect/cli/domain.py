"""A ROS domain that nothing on this machine uses, for rigs that are to disturb nobody."""

import socket

from teleop_collect.errors import BusyError
from teleop_collect.rig.domain import claim_domain

FREE_RANGE = range(40, 100)
PARTICIPANTS_PROBED = 20


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
