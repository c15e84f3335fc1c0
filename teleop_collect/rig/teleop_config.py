"""The rig file's section `teleop`: the bridge from leader to follower."""

from typing import Annotated, Literal

from pydantic import Field

from teleop_collect.rig.safety_config import LimiterName
from teleop_collect.rig.section import NonNegative, Positive, Section


class Align(Section):
    """What happens when leader and follower differ at engaging."""

    tolerance_rad: Positive = 0.1
    """Per joint (m for prismatic joints: scaled by `tolerance_m`)."""
    tolerance_m: Positive = 0.01
    on_gap: Literal["ramp", "refuse"] = "ramp"
    ramp_rad_s: Positive = 0.25
    ramp_m_s: Positive = 0.02


class Watchdog(Section):
    """Ages of input after which the arm holds, then faults."""

    hold_after_s: Positive = 0.1
    fault_after_s: Positive = 0.5


class Tracking(Section):
    """How far the follower may stay behind what it was sent, and for how long; then fault."""

    tolerance_rad: Positive = 0.35
    """A follower that lags by 100 ms at 3 rad/s is 0.3 rad behind."""
    tolerance_m: Positive = 0.05
    after_s: Positive = 0.5
    free_joints: tuple[str, ...] = ("gripper",)
    """Joints that an object may hold up; not watched."""


class Teleop(Section):
    """The bridge from leader to follower."""

    rate_hz: Positive = 200.0
    align: Align = Align()
    watchdog: Watchdog = Watchdog()
    tracking: Tracking = Tracking()
    velocity_scale: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of each joint's velocity limit that commands may use."""
    acceleration_rad_s2: Positive = 20.0
    """Bound on commands to revolute joints without a limit of their own; also how a hold brakes."""
    acceleration_m_s2: Positive = 2.0
    """The same for prismatic joints."""
    jerk_rad_s3: Positive = 2000.0
    """Bound on commands to revolute joints without a limit of their own: full acceleration in
    10 ms. Franka's FR3 permits 5000 rad/s^3."""
    jerk_m_s3: Positive = 200.0
    """The same for prismatic joints."""
    position_margin_rad: NonNegative = 0.02
    """Kept free at both ends of every revolute joint's range."""
    limits_off: tuple[LimiterName, ...] = ()
    """Limiters that a person turns off by name; named in `teleop/status` and in the manifest."""
