"""The syntax tree of a condition; numbers are SI."""

from dataclasses import dataclass

from teleop_collect.rig.predicates.units import Dimension


@dataclass(frozen=True)
class Quantity:
    """A number with its unit, `0.05 m`."""

    value: float
    dimension: Dimension


@dataclass(frozen=True)
class Call:
    """A function and the names it is called with; an arm that was left out is filled in."""

    function: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Sum:
    """Signed terms of one dimension."""

    terms: tuple[tuple[int, Quantity | Call], ...]


@dataclass(frozen=True)
class Comparison:
    """`left < right` and its like; `text` as written, `dimension` of both sides."""

    left: Sum
    operator: str
    right: Sum
    dimension: Dimension
    text: str


@dataclass(frozen=True)
class Truth:
    """A function that is true or false by itself."""

    call: Call
    text: str


@dataclass(frozen=True)
class Not:
    """The opposite."""

    part: "Condition"


@dataclass(frozen=True)
class And:
    """All hold."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True)
class Or:
    """At least one holds."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True)
class Then:
    """The second holds, and the first has held before or holds."""

    first: "Condition"
    second: "Condition"


@dataclass(frozen=True)
class Once:
    """It holds or has held since the start."""

    part: "Condition"


@dataclass(frozen=True)
class Within:
    """It has held at some time up to `limit_s` after the start."""

    part: "Condition"
    limit_s: float


@dataclass(frozen=True)
class Lasting:
    """It has held without a break for the last `duration_s`."""

    part: "Condition"
    duration_s: float


Condition = Comparison | Truth | Not | And | Or | Then | Once | Within | Lasting
