"""The bits that say why what was sent differs from what the operator asked."""

from enum import IntFlag


class LimiterBits(IntFlag):
    """Limiters and holds active in one tick; recorded with every action, so values never change."""

    NONE = 0
    POSITION = 1 << 0
    """A soft position limit, or the braking distance to it."""
    VELOCITY = 1 << 1
    """A joint's velocity limit."""
    ACCELERATION = 1 << 2
    """A joint's acceleration limit, or braking towards the operator's wish."""
    ALIGN_RAMP = 1 << 3
    """The ramp that closes the gap between follower and leader."""
    STALE_LEADER = 1 << 4
    """The leader's newest sample is older than the hold time, or there is none."""
    STALE_FOLLOWER = 1 << 5
    """The follower's newest sample is older than the hold time, or there is none."""
    NOT_FINITE = 1 << 6
    """A position is NaN or infinite."""
    TIME_ORDER = 1 << 7
    """A stamp, or the loop's own time, went backwards or lies in the future."""
    MISSING_JOINT = 1 << 8
    """A joint is missing from, or ambiguous in, a message."""
    LATE_TICK = 1 << 9
    """The loop paused longer than one step may last; the step was shortened."""
    ALIGN_REFUSED = 1 << 10
    """Leader and follower differ by more than the tolerance and the rig refuses to ramp."""
