import math

import pytest

from teleop_collect.episodes.success import evaluate
from teleop_collect.rig.config import ObjectInBox
from teleop_collect.samples import Pose

IN_WORLD = ObjectInBox(object="cube", center_m=(0.4, 0.0, 0.1), size_m=(0.2, 0.1, 0.2))
IN_BIN = ObjectInBox(
    object="cube", relative_to="bin", center_m=(0.1, 0.0, 0.05), size_m=(0.1, 0.04, 0.1)
)
HALF = math.sqrt(0.5)


@pytest.mark.parametrize(
    ("xyz", "inside"),
    [
        ((0.4, 0.0, 0.1), True),
        ((0.3, -0.05, 0.0), True),
        ((0.5001, 0.0, 0.1), False),
        ((0.4, 0.0501, 0.1), False),
        ((0.4, 0.0, -0.0001), False),
    ],
)
def test_a_box_in_the_world(xyz, inside) -> None:
    assert evaluate(IN_WORLD, {"cube": Pose(xyz)}) is inside


def test_a_box_turns_with_the_object_that_carries_it() -> None:
    # The bin is turned by 90 degrees about z: its x axis is the world's y axis.
    turned = Pose((1.0, 2.0, 0.0), (0.0, 0.0, HALF, HALF))
    assert evaluate(IN_BIN, {"bin": turned, "cube": Pose((1.0, 2.1, 0.05))}) is True
    assert evaluate(IN_BIN, {"bin": turned, "cube": Pose((1.1, 2.0, 0.05))}) is False
    assert evaluate(IN_BIN, {"bin": turned, "cube": Pose((1.03, 2.1, 0.05))}) is False


@pytest.mark.parametrize(
    "poses",
    [
        {},
        {"cube": Pose((0, 0, 0))},
        {"bin": Pose((0, 0, 0))},
        {"bin": Pose((0, 0, 0)), "cube": Pose((math.nan, 0, 0))},
        {"bin": Pose((0, 0, 0), (0, 0, 0, 0)), "cube": Pose((0, 0, 0))},
    ],
)
def test_what_cannot_be_judged_is_none(poses) -> None:
    assert evaluate(IN_BIN, poses) is None
