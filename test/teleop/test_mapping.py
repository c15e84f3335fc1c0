import pytest

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import JointMapping
from teleop_collect.samples import JointSample
from teleop_collect.teleop.mapping import JointMap, JointOrder, JointsUnreadable

MAPPING = {
    "elbow": JointMapping(sign=-1, scale=2.0, offset=0.5),
    "finger": JointMapping(leader_joint="trigger", scale=0.04),
}


def leader(names: tuple[str, ...], *positions: float) -> JointSample:
    return JointSample(1, names, positions)


def test_sign_scale_offset_and_leader_joint() -> None:
    joint_map = JointMap(("elbow", "finger", "wrist"), MAPPING)
    assert joint_map.leader_joints == ("elbow", "trigger", "wrist")
    wish = joint_map.wish(leader(("elbow", "trigger", "wrist"), 0.25, 0.5, -1.0))
    assert wish == (-1 * 2.0 * 0.25 + 0.5, 0.02, -1.0)


def test_order_of_names_may_change_between_messages() -> None:
    joint_map = JointMap(("a", "b", "c"), {})
    assert joint_map.wish(leader(("a", "b", "c"), 1.0, 2.0, 3.0)) == (1.0, 2.0, 3.0)
    assert joint_map.wish(leader(("c", "extra", "a", "b"), 3.0, 9.0, 1.0, 2.0)) == (1.0, 2.0, 3.0)
    assert joint_map.wish(leader(("b", "a", "c"), 2.0, 1.0, 3.0)) == (1.0, 2.0, 3.0)


def test_one_joint_arm() -> None:
    assert JointMap(("a",), {}).wish(leader(("b", "a"), 1.0, 2.0)) == (2.0,)


def test_missing_joint_is_named_and_the_next_good_message_is_read() -> None:
    joint_map = JointMap(("a", "b"), {})
    with pytest.raises(JointsUnreadable, match="leader message misses joint b; it has: a, c"):
        joint_map.wish(leader(("a", "c"), 1.0, 2.0))
    assert joint_map.wish(leader(("a", "b"), 1.0, 2.0)) == (1.0, 2.0)
    with pytest.raises(JointsUnreadable, match="misses joint b"):
        joint_map.wish(leader(("a", "c"), 1.0, 2.0))


def test_joint_named_twice_is_ambiguous() -> None:
    with pytest.raises(JointsUnreadable, match="names 2 times joint a"):
        JointOrder("follower", ("a",)).pick(leader(("a", "b", "a"), 1.0, 2.0, 3.0))


@pytest.mark.parametrize("positions", [(1.0,), (1.0, 2.0, 3.0), ()])
def test_positions_must_match_names(positions: tuple[float, ...]) -> None:
    with pytest.raises(JointsUnreadable, match=rf"{len(positions)} positions for 2 names"):
        JointOrder("follower", ("a",)).pick(leader(("a", "b"), *positions))


def test_mapping_of_an_unknown_follower_joint_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"mapping names follower joint elbw.*known: elbow"):
        JointMap(("elbow",), {"elbw": JointMapping()})


def test_mapping_from_an_unknown_leader_joint_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"needs leader joint trigger.*known: elbow, grip"):
        JointMap(("elbow", "finger"), MAPPING, leader_joints=("elbow", "grip"))
