import math

import pytest
from rosbags.typesys import Stores, get_typestore
from support.recorder_rig import NS, pose

from teleop_collect.episodes.success import evaluate, needed_objects, pose_from_cdr
from teleop_collect.errors import UnreadableError
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


def test_needed_objects() -> None:
    assert needed_objects(IN_WORLD) == ("cube",)
    assert needed_objects(IN_BIN) == ("cube", "bin")


def test_a_pose_is_decoded_from_its_bytes() -> None:
    store = get_typestore(Stores.ROS2_JAZZY)
    types = store.types
    message = types["geometry_msgs/msg/PoseStamped"](
        types["std_msgs/msg/Header"](types["builtin_interfaces/msg/Time"](7, 9), "base"),
        types["geometry_msgs/msg/Pose"](
            types["geometry_msgs/msg/Point"](1.0, 2.0, 3.0),
            types["geometry_msgs/msg/Quaternion"](0.0, 0.0, HALF, HALF),
        ),
    )
    found = pose_from_cdr(bytes(store.serialize_cdr(message, "geometry_msgs/msg/PoseStamped")))
    assert (found.stamp_ns, found.frame_id) == (7 * NS + 9, "base")
    assert found.pose == Pose((1.0, 2.0, 3.0), (0.0, 0.0, HALF, HALF))
    with pytest.raises(UnreadableError, match="no PoseStamped"):
        pose_from_cdr(pose(0, (0, 0, 0))[:40])
