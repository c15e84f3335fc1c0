"""From deflections of the cap to a twist: dead zone, clamping, axes and scale. Pure."""

import math
from collections.abc import Sequence

from teleop_collect.rig.config import SpaceMouseLeader
from teleop_collect.rig.leader_config import TwistAxis

AXES: tuple[TwistAxis, ...] = ("x", "y", "z", "roll", "pitch", "yaw")
"""Order of deflections and twists; ROS axes: x forward, y left, z up (REP 103)."""

Vector = tuple[float, float, float]


def clamped(deflection: float) -> float:
    """The deflection within -1 to 1; pyspacemouse divides by 350 and does not clamp."""
    return min(max(deflection, -1.0), 1.0) + 0.0


def beyond_dead_zone(deflection: float, dead_zone: float) -> float:
    """0 inside the dead zone, from there in proportion up to full deflection: no step at its edge.

    Args:
        deflection: -1 to 1.
        dead_zone: share of full deflection that counts as rest, 0 <= dead_zone < 1.
    """
    beyond = abs(deflection) - dead_zone
    if beyond <= 0.0:
        return 0.0
    return math.copysign(beyond / (1.0 - dead_zone), deflection)


class TwistShaping:
    """What the rig file makes of six deflections.

    Args:
        config: the SpaceMouse of the rig file.
    """

    def __init__(self, config: SpaceMouseLeader) -> None:
        self._dead_zone = config.dead_zone
        self._translation_m_s = config.translation_m_s
        self._rotation_rad_s = config.rotation_rad_s
        self._sources = [_source(config.axes.get(axis, axis)) for axis in AXES]

    def twist(self, deflections: Sequence[float]) -> tuple[Vector, Vector]:
        """Linear (m/s) and angular (rad/s) velocity.

        Full deflection of one axis gives the configured speed; deflecting several at once gives no
        more than that speed in the direction between them.

        Args:
            deflections: x, y, z, roll, pitch, yaw; each is clamped to -1 to 1.
        """
        axes = [beyond_dead_zone(clamped(d), self._dead_zone) for d in deflections]
        shares = [axes[index] * sign + 0.0 for index, sign in self._sources]
        return (
            _scaled(shares[:3], self._translation_m_s),
            _scaled(shares[3:], self._rotation_rad_s),
        )


def _source(text: str) -> tuple[int, float]:
    """Index of a mouse axis and its sign; sign 0 for an axis that is off."""
    if text == "off":
        return 0, 0.0
    return list[str](AXES).index(text.removeprefix("-")), -1.0 if text.startswith("-") else 1.0


def _scaled(shares: Sequence[float], speed: float) -> Vector:
    x, y, z = shares
    scale = speed / max(math.hypot(x, y, z), 1.0)
    return x * scale, y * scale, z * scale
