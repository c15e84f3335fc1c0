"""The rate that a Dynamixel bus can reach, from its baud rate and the bytes of an exchange.

Protocol 2.0 (ROBOTIS e-manual, "Protocol 2.0"): a Sync Read has 14 bytes and one for each id; each
status packet has 11 bytes and its parameters; a Sync Write has 14 bytes and, for each servo, its id
and data. Ten bits go over the wire for a byte. Return delays and the adapter's latency come on top,
so a rate above this one is out of reach for certain; the driver checks the rest when it connects.
"""

from collections.abc import Iterator

from teleop_collect.rig.config import DynamixelFollower, DynamixelLeader
from teleop_collect.rig.problem import Key, Problem

SYNC_BYTES = 14
STATUS_BYTES = 11
BITS_PER_BYTE = 10
STATE_BYTES = 10
"""Present current, velocity and position, read together."""
GOAL_BYTES = 4
"""Goal position."""


def exchange_s(servos: int, baud: int, *, with_goals: bool) -> float:
    """Least time on the wire to read all servos once, and to send goals first, s."""
    count = SYNC_BYTES + servos + servos * (STATUS_BYTES + STATE_BYTES)
    if with_goals:
        count += SYNC_BYTES + servos * (1 + GOAL_BYTES)
    return count * BITS_PER_BYTE / baud


def bus_rate_problems(device: DynamixelLeader | DynamixelFollower, key: Key) -> Iterator[Problem]:
    """A rate that the bus cannot reach.

    Args:
        device: a leader or follower.
        key: where it stands in the rig file.
    """
    is_follower = isinstance(device, DynamixelFollower)
    needed_s = exchange_s(len(device.servos), device.baud, with_goals=is_follower)
    if needed_s * device.rate_hz > 1.0:
        yield Problem(
            (*key, "rate_hz"),
            f"{len(device.servos)} servos need {1000 * needed_s:.2f} ms an exchange at "
            f"{device.baud} baud, so at most {int(1 / needed_s)} Hz; lower rate_hz or raise baud",
        )
