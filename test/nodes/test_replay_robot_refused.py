"""Replays to a robot that end before anything moves, without a rig."""

import json

import pytest
from support.replays import gentle_episode, replay
from support.synthetic_episode import START_NS, write_plan
from support.synthetic_streams import JOINTS, build_plan

pytestmark = pytest.mark.timeout(240)


def test_a_motion_beyond_a_limit_moves_nothing_and_names_joint_time_value_and_limit(tmp_path):
    name = "20261120T090000Z-sim_tabletop-b1b2c3"
    plan = build_plan(name, START_NS, 2.0, 0, True, (), (64, 48))
    for sample in plan.streams["/teleop/action_sent"].samples[100:]:
        position = sample.value["position"].copy()
        position[JOINTS.index("elbow")] = 9.0
        sample.value["position"] = position
    episode = write_plan(plan, tmp_path, name)

    refused = replay(episode, "--to", "robot")

    assert refused.returncode == 1
    assert "joint elbow at 0.5" in refused.stderr
    assert "position 9.0000 rad, limit " in refused.stderr
    assert refused.stderr.count("Traceback") == 0
    told = json.loads(replay(episode, "--to", "robot", "--json").stdout)
    assert any("joint elbow at" in line for line in told["refused"])


def test_without_a_running_rig_it_says_what_to_start(tmp_path, monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "99")
    episode = gentle_episode(tmp_path, 1.0)

    refused = replay(episode, "--to", "robot")

    assert refused.returncode == 2
    assert "no teleoperation runs on this ROS domain; start the rig first" in refused.stderr
