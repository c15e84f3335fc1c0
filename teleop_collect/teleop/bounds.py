"""What teleoperation asks to know of each follower joint, and which values it refuses."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Teleop

JointType = Literal["revolute", "prismatic", "continuous"]


class JointBounds(Protocol):
    """Bounds of one joint: the robot description's, narrowed by the rig file."""

    @property
    def lower(self) -> float:
        """Lowest position, rad or m; -inf on a continuous joint without one."""
        ...

    @property
    def upper(self) -> float:
        """Highest position, rad or m; inf on a continuous joint without one."""
        ...

    @property
    def velocity(self) -> float:
        """Highest speed, rad/s or m/s."""
        ...

    @property
    def acceleration(self) -> float | None:
        """Highest acceleration, rad/s^2 or m/s^2; None takes the rig's `teleop` default."""
        ...

    @property
    def jerk(self) -> float | None:
        """Highest jerk, rad/s^3 or m/s^3; None takes the rig's `teleop` default."""
        ...


@dataclass(frozen=True)
class SoftBounds:
    """What commands to one joint keep to.

    Attributes:
        lower: lowest commanded position, rad or m: the hard bound plus the margin.
        upper: highest commanded position, rad or m: the hard bound minus the margin.
        hard_lower: the bound without margin, rad or m.
        hard_upper: the bound without margin, rad or m.
        velocity: rad/s or m/s, after `teleop.velocity_scale`.
        acceleration: rad/s^2 or m/s^2.
        jerk: rad/s^3 or m/s^3; inf where the jerk limit is off.
        unit: "rad" or "m".
    """

    lower: float
    upper: float
    hard_lower: float
    hard_upper: float
    velocity: float
    acceleration: float
    jerk: float
    unit: str

    def reach(self, position: float) -> float:
        """The nearest position that may be commanded, rad or m."""
        return min(max(position, self.lower), self.upper)


def soft_bounds(joint: str, kind: JointType, bounds: JointBounds, teleop: Teleop) -> SoftBounds:
    """Bounds on commands to one joint.

    Args:
        joint: name, for messages.
        kind: joint type as in the URDF.
        bounds: hard bounds.
        teleop: margin, velocity share, default accelerations and jerks.

    Raises:
        ConfigError: a bound is not a number, or nothing is left between the soft limits.
    """
    prismatic = kind == "prismatic"
    unit = "m" if prismatic else "rad"
    _check(joint, kind, bounds, unit)
    margin = teleop.position_margin_rad if kind == "revolute" else 0.0
    lower, upper = bounds.lower + margin, bounds.upper - margin
    if not lower < upper:
        raise ConfigError(
            f"joint {joint}: limits {bounds.lower:g} to {bounds.upper:g} {unit} leave nothing "
            f"between margins of {margin:g} {unit}; widen the limits or reduce "
            "teleop.position_margin_rad"
        )
    default = teleop.acceleration_m_s2 if prismatic else teleop.acceleration_rad_s2
    return SoftBounds(
        lower=lower,
        upper=upper,
        hard_lower=bounds.lower,
        hard_upper=bounds.upper,
        velocity=bounds.velocity * teleop.velocity_scale,
        acceleration=default if bounds.acceleration is None else bounds.acceleration,
        jerk=_jerk(bounds, prismatic, teleop),
        unit=unit,
    )


def _jerk(bounds: JointBounds, prismatic: bool, teleop: Teleop) -> float:
    if "jerk" in teleop.limits_off:
        return math.inf
    default = teleop.jerk_m_s3 if prismatic else teleop.jerk_rad_s3
    return default if bounds.jerk is None else bounds.jerk


def _check(joint: str, kind: JointType, bounds: JointBounds, unit: str) -> None:
    rates = {"velocity": bounds.velocity}
    if bounds.acceleration is not None:
        rates["acceleration"] = bounds.acceleration
    if bounds.jerk is not None:
        rates["jerk"] = bounds.jerk
    for name, value in rates.items():
        if not (math.isfinite(value) and value > 0.0):
            raise ConfigError(
                f"joint {joint}: {name} limit is {value:g}, must be a positive number; give it in "
                "the robot description or under limits in the rig file"
            )
    positions = (bounds.lower, bounds.upper)
    if any(math.isnan(p) for p in positions) or (
        kind != "continuous" and not all(math.isfinite(p) for p in positions)
    ):
        raise ConfigError(
            f"joint {joint}: position limits {bounds.lower:g} to {bounds.upper:g} {unit} must be "
            "finite; give them in the robot description or under limits in the rig file"
        )


def all_soft_bounds(
    joints: tuple[str, ...],
    joint_types: Mapping[str, JointType],
    bounds: Mapping[str, JointBounds],
    teleop: Teleop,
) -> tuple[SoftBounds, ...]:
    """`soft_bounds` of each joint, in order.

    Raises:
        ConfigError: a joint has no type or no bounds, or `soft_bounds` refuses it.
    """
    for what, table in (("joint type", joint_types), ("bounds", bounds)):
        missing = [joint for joint in joints if joint not in table]
        if missing:
            raise ConfigError(
                f"no {what} known for joint {', '.join(missing)}; "
                f"known: {', '.join(sorted(table)) or 'none'}"
            )
    return tuple(soft_bounds(j, joint_types[j], bounds[j], teleop) for j in joints)
