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
    JERK = 1 << 11
    """A joint's jerk limit."""
    WORKSPACE = 1 << 12
    """The tool's box or a plane, or the braking distance to it."""
    COLLISION = 1 << 13
    """Too near to the arm itself or to the table."""
    WRENCH = 1 << 14
    """The force or torque at the wrist is above its soft or hard limit."""
    SINGULARITY = 1 << 15
    """Near a posture in which the tool cannot be moved in some direction (Cartesian modes)."""
    STALE_WRENCH = 1 << 16
    """The newest wrench is older than the hold time, or there is none."""
    DEADMAN = 1 << 17
    """The deadman is not held, or nothing is heard of it."""
    TRACKING = 1 << 18
    """The follower stays behind what it is sent."""
    DRIVER_CLAMP = 1 << 19
    """The follower's driver changed or refused what it was sent."""
    BAD_FRAME = 1 << 20
    """A twist is in a frame that is neither the base's nor the tool's."""
