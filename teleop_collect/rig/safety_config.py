"""What keeps one arm from places, objects and forces, and who must hold a button meanwhile.

Distances are metres in the arm's base frame (its URDF's root link), forces newtons, torques
newton metres. What stands here is on; `teleop.limits_off` turns a limiter off by its name.
"""

from typing import Annotated, Literal

from pydantic import Field

from teleop_collect.rig.section import NonNegative, Positive, Section, Vector3

LimiterName = Literal["jerk", "workspace", "collision", "wrench", "singularity", "tracking"]
"""Limiters that a person can turn off by name. Finite values, age, time order, position, velocity
and acceleration limits, alignment and watchdogs cannot be turned off."""


class Box(Section):
    """A box along the axes of the base frame."""

    lower_m: Vector3
    upper_m: Vector3


class Plane(Section):
    """Half of space: the points x with `normal . x >= offset_m`."""

    normal: Vector3 = (0.0, 0.0, 1.0)
    """Towards the side that is allowed; of any length."""
    offset_m: float = 0.0
    """Distance of the plane from the base frame's origin, along the normal."""


class Workspace(Section):
    """Where the origin of `tool_frame` may be: inside the box and on the right side of planes."""

    box: Box | None = None
    planes: tuple[Plane, ...] = ()


class Collision(Section):
    """Distances between the arm's own links, and to the table.

    Links are the boxes, cylinders, spheres and capsules below `<collision>` in the URDF; meshes are
    not read. Neighbours, and links that are nearer than `slow_m` in the `home` posture, are not
    watched.
    """

    slow_m: Positive = 0.02
    """Nearer than this the arm slows down, in proportion to what is left to `stop_m`."""
    stop_m: NonNegative = 0.005
    """Nearer than this only motion away is permitted."""
    table: Plane | None = None
    """The table's surface; all links but those fixed to the base keep away from it."""
    table_slow_m: Positive = 0.02
    table_stop_m: NonNegative = 0.0
    ignore: tuple[tuple[str, str], ...] = ()
    """Further pairs of links (or a link and `table`) that are not watched."""


class WrenchGuard(Section):
    """Forces on the wrist sensor that slow the arm down, then stop it."""

    soft_n: Positive = 30.0
    """From here on the permitted speed falls, in proportion, to `slow_share` at `hard_n`."""
    hard_n: Positive = 60.0
    """From here on: fault. ISO/TS 15066 gives 140 N for a hand that is clamped."""
    soft_nm: Positive | None = None
    """The same for torque; not watched when absent."""
    hard_nm: Positive | None = None
    slow_share: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Share of each joint's velocity limit that is left just below the hard limit."""


class JoyDeadman(Section):
    """A button of a sensor_msgs/Joy that must be held: a pedal, a pad, a SpaceMouse."""

    driver: Literal["joy"]
    topic: str
    """Must be published at least every `teleop.watchdog.hold_after_s`, pressed or not."""
    button: Annotated[int, Field(ge=0, le=31)] = 0


class JointDeadman(Section):
    """A joint of the leader (a trigger, a button on the bus) that must be held."""

    driver: Literal["leader_joint"]
    joint: str
    threshold_rad: float
    pressed: Literal["above", "below"] = "above"
    """On which side of the threshold it counts as held."""


Deadman = Annotated[JoyDeadman | JointDeadman, Field(discriminator="driver")]
