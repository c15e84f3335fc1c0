"""The Foxglove layout that ships shows topics that there are."""

import json
import re
from collections.abc import Iterator
from typing import Any

from teleop_collect import topics
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.share import share_dir
from teleop_collect.rig.streams import streams_of

LAYOUT = json.loads((share_dir() / "config" / "foxglove" / "sim_tabletop.json").read_text())
RIG = load_rig("sim_tabletop").rig
STREAMS = {f"/{s.topic.lstrip('/')}": s for s in streams_of(RIG)}


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


def panels(tree: Any) -> list[str]:
    return [tree] if isinstance(tree, str) else panels(tree["first"]) + panels(tree["second"])


def test_every_topic_of_the_layout_is_one_of_the_rig():
    named = {t.split(".")[0] for t in texts(LAYOUT["configById"]) if t.startswith("/")}
    assert named <= STREAMS.keys()
    for camera in RIG.cameras:
        for topic in (topics.color_topic(camera), topics.depth_topic(camera)):
            assert f"/{topic}" in named
    wanted = (topics.ACTION_REQUESTED, topics.ACTION_SENT, topics.FOLLOWER_JOINT_STATES)
    others = (topics.FOLLOWER_WRENCH, topics.EPISODE_EVENT, topics.ROBOT_DESCRIPTION)
    assert {f"/{topic}" for topic in (*wanted, *others)} <= named


def test_every_joint_is_plotted_as_requested_sent_and_measured():
    joints = RIG.arms["main"].joints
    plotted = {
        (match[1], int(match[2]), path["label"])
        for panel in LAYOUT["configById"].values()
        for path in panel.get("paths", [])
        if (match := re.fullmatch(r"(\S+)\.position\[(\d+)\]", path["value"]))
    }
    for topic, role in (
        (f"/{topics.ACTION_REQUESTED}", "requested"),
        (f"/{topics.ACTION_SENT}", "sent"),
        (f"/{topics.FOLLOWER_JOINT_STATES}", "measured"),
    ):
        for index, joint in enumerate(joints):
            assert (topic, index, f"{joint} {role}") in plotted


def test_every_panel_has_its_place():
    assert sorted(panels(LAYOUT["layout"])) == sorted(LAYOUT["configById"])
