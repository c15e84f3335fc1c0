import math

import pytest

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Teleop
from teleop_collect.rig.description import JointBounds
from teleop_collect.teleop.bounds import soft_bounds

TELEOP = Teleop(position_margin_rad=0.05, velocity_scale=0.5, acceleration_rad_s2=8.0)


def test_revolute_joint_keeps_a_margin_and_a_share_of_velocity() -> None:
    soft = soft_bounds("elbow", "revolute", JointBounds(-1.0, 2.0, 3.0), TELEOP)
    assert (soft.lower, soft.upper, soft.velocity) == (-0.95, 1.95, 1.5)
    assert (soft.hard_lower, soft.hard_upper) == (-1.0, 2.0)
    assert (soft.acceleration, soft.unit) == (8.0, "rad")
    assert [soft.reach(p) for p in (-3.0, 0.5, 3.0)] == [-0.95, 0.5, 1.95]


def test_prismatic_joint_has_no_margin_and_its_own_default_acceleration() -> None:
    soft = soft_bounds("finger", "prismatic", JointBounds(0.0, 0.04, 0.2), TELEOP)
    assert (soft.lower, soft.upper) == (0.0, 0.04)
    assert (soft.acceleration, soft.unit) == (2.0, "m")


def test_joint_with_an_acceleration_keeps_it() -> None:
    soft = soft_bounds("elbow", "revolute", JointBounds(-1.0, 2.0, 3.0, 12.5), TELEOP)
    assert soft.acceleration == 12.5


def test_continuous_joint_may_be_unbounded() -> None:
    soft = soft_bounds("wrist", "continuous", JointBounds(-math.inf, math.inf, 3.0), TELEOP)
    assert soft.reach(1e9) == 1e9


@pytest.mark.parametrize(
    ("kind", "bounds", "message"),
    [
        ("revolute", JointBounds(-0.05, 0.05, 1.0), "leave nothing between margins of 0.05 rad"),
        ("prismatic", JointBounds(0.1, 0.1, 1.0), "leave nothing between"),
        ("revolute", JointBounds(-1.0, 1.0, math.inf), "velocity limit is inf"),
        ("revolute", JointBounds(-1.0, 1.0, 0.0), "velocity limit is 0, must be a positive"),
        ("revolute", JointBounds(-1.0, 1.0, 1.0, math.nan), "acceleration limit is nan"),
        ("revolute", JointBounds(-math.inf, 1.0, 1.0), "must be finite"),
        ("continuous", JointBounds(math.nan, 1.0, 1.0), "must be finite"),
    ],
)
def test_unusable_bounds_are_refused(kind: str, bounds: JointBounds, message: str) -> None:
    with pytest.raises(ConfigError, match=f"joint elbow: .*{message}"):
        soft_bounds("elbow", kind, bounds, TELEOP)
