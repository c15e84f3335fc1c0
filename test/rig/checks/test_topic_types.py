"""The check of topics where other nodes publish under names of their own."""

from dataclasses import replace

import pytest
import yaml
from support.rig_observations import good_context

from teleop_collect import topics
from teleop_collect.rig.checks.topic_types import TopicTypes
from teleop_collect.rig.load import load_rig

NAMED = "/gello/joint_states (recorded as leader/joint_states)"


def with_leader(context, **changes: object):
    leader = replace(context.observation(topics.LEADER_JOINT_STATES), **changes)
    return replace(
        context, observations=context.observations | {topics.LEADER_JOINT_STATES: leader}
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"publishers": 0, "types": ()}, f"nobody publishes {NAMED}"),
        ({"publishers": 2}, f"{NAMED} has 2 publishers instead of 1"),
        (
            {"types": ("std_msgs/msg/String",)},
            f"{NAMED} is a std_msgs/msg/String, not a sensor_msgs/msg/JointState",
        ),
    ],
)
def test_a_leader_by_topic_is_named_by_the_topic_that_its_driver_publishes(
    tmp_path, changes, message
):
    rig = yaml.safe_load(load_rig("sim_tabletop").text)
    arm = rig["arms"]["main"]
    arm["leader"] = {
        "driver": "topic", "topic": "/gello/joint_states", "rate_hz": 100, "joints": arm["joints"],
    }  # fmt: skip
    path = tmp_path / "rig.yaml"
    path.write_text(yaml.safe_dump(rig))
    context = good_context(load_rig(str(path)), tmp_path)
    assert TopicTypes().run(context).passed
    result = TopicTypes().run(with_leader(context, **changes))
    assert not result.passed
    assert result.message == message
