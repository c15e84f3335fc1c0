"""Units of the language, and what they measure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import radians


class Dimension(StrEnum):
    """What a number measures; the value is its SI unit, in which everything is computed."""

    LENGTH = "m"
    ANGLE = "rad"
    TIME = "s"
    SPEED = "m/s"
    ANGULAR_SPEED = "rad/s"
    FORCE = "N"
    TORQUE = "Nm"


@dataclass(frozen=True)
class Unit:
    """One unit: a number in it times `factor` is the number in SI."""

    dimension: Dimension
    factor: float


UNITS: Mapping[str, Unit] = {
    "m": Unit(Dimension.LENGTH, 1.0),
    "cm": Unit(Dimension.LENGTH, 0.01),
    "mm": Unit(Dimension.LENGTH, 0.001),
    "rad": Unit(Dimension.ANGLE, 1.0),
    "deg": Unit(Dimension.ANGLE, radians(1.0)),
    "s": Unit(Dimension.TIME, 1.0),
    "ms": Unit(Dimension.TIME, 0.001),
    "m/s": Unit(Dimension.SPEED, 1.0),
    "mm/s": Unit(Dimension.SPEED, 0.001),
    "rad/s": Unit(Dimension.ANGULAR_SPEED, 1.0),
    "deg/s": Unit(Dimension.ANGULAR_SPEED, radians(1.0)),
    "N": Unit(Dimension.FORCE, 1.0),
    "Nm": Unit(Dimension.TORQUE, 1.0),
}


def units_of(dimension: Dimension) -> str:
    """The units that measure a dimension, for messages: `m, cm, mm`."""
    return ", ".join(name for name, unit in UNITS.items() if unit.dimension is dimension)
