"""Conditions judged from CDR messages: geometry, grasps, frames, staleness, steps."""

import math
from typing import Any

import pytest
from support.simulated_recording import joint_state, pose, wrench

from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.predicates.conditions import conditions_of
from teleop_collect.episodes.predicates.judge import Judge
from teleop_collect.rig.config import Rig
from teleop_collect.rig.description import descriptions_of
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.predicates.names import names_of
from teleop_collect.samples import JointSample, Pose, PoseSample, WrenchSample

LOADED = load_rig("sim_tabletop")
NAMES = names_of(LOADED.rig, descriptions_of(LOADED.rig, LOADED.path))
CUBE, BIN = "/objects/cube/pose", "/objects/bin/pose"
STATES, SENT, WRENCH = "/follower/joint_states", "/teleop/action_sent", "/follower/wrench"
START_NS = 1_700_000_000 * NS_PER_S
HALF = math.sqrt(0.5)


class Take:
    """One made-up episode.

    Args:
        success_when: condition of its task.
        steps: steps of its task.
    """

    def __init__(self, success_when: str | None = None, **steps: str) -> None:
        task = LOADED.rig.tasks["pick_cube"].model_copy(
            update={"success": None, "success_when": success_when, "steps": steps}
        )
        rig: Rig = LOADED.rig
        conditions = conditions_of(task, rig, NAMES)
        assert conditions is not None
        topics = [CUBE, BIN, STATES, SENT, WRENCH]
        self.judge = Judge(conditions, rig, NAMES, topics, START_NS)

    def hear(self, topic: str, t_s: float, data: bytes) -> None:
        assert topic in self.judge.topics
        self.judge.take(topic, data, START_NS + round(t_s * NS_PER_S))

    def see(
        self, topic: str, t_s: float, *xyz: float, quat: Any = (0, 0, 0, 1), frame: str = "world"
    ):
        sample = PoseSample(START_NS, frame, Pose(xyz, quat))
        self.hear(topic, t_s, pose(sample))

    def gripper(self, t_s: float, measured: float, asked: float, speed: float = 0.0) -> None:
        states = JointSample(START_NS, ("elbow", "gripper"), (0.0, measured), (0.0, speed))
        self.hear(STATES, t_s, joint_state(states))
        self.hear(SENT, t_s, joint_state(JointSample(START_NS, ("gripper",), (asked,))))

    def end(self, t_s: float):
        return self.judge.finish(START_NS + round(t_s * NS_PER_S))


def test_a_region_turns_with_the_object_that_carries_it():
    for xyz, inside in (((0.4, 0.07, 0.05), True), ((0.4, 0.09, 0.05), False)):
        take = Take("inside(cube, bin_inside)")
        take.see(BIN, 0.0, 0.4, 0.0, 0.0, quat=(0, 0, HALF, HALF))
        take.see(CUBE, 0.0, *xyz)
        assert take.end(0.5).success is inside


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        ("height(cube) > 29 cm", True),
        ("height_above(cube, bin) > 0.19 m and height_above(cube, bin) < 0.21 m", True),
        ("height_above(cube, table) > 0.299 m", True),
        ("height_above(cube, table) > 0.301 m", False),
        ("rise(cube) > 0.19 m", True),
        ("moved(cube) > 0.28 m and moved(cube) < 0.29 m", True),
        ("moved(bin) > 1 mm", False),
        ("distance(cube, bin) < 0.3 m and distance_xy(cube, bin) < 0.21 m", True),
        ("distance_xy(cube, bin) < 0.19 m", False),
        ("turned(cube) > 89 deg and turned(cube) < 91 deg", True),
        ("tilt(cube) > 89 deg", True),
        ("tilt(bin) > 1 deg", False),
        ("time() > 1.4 s and time() < 1.6 s", True),
    ],
)
def test_poses_are_measured(condition: str, truth: bool):
    take = Take(f"height(bin) > -1 m and height(cube) > -1 m and {condition}")
    take.see(BIN, 0.0, 0.0, 0.0, 0.1)
    take.see(CUBE, 0.0, 0.0, 0.0, 0.1)
    take.see(BIN, 1.0, 0.0, 0.0, 0.1)
    take.see(CUBE, 1.0, 0.2, 0.0, 0.3, quat=(HALF, 0, 0, HALF))
    assert take.end(1.5).success is truth


def test_a_grasp_is_a_gripper_that_something_keeps_from_closing():
    for measured, asked, speed, grasping in (
        (0.02, 0.005, 0.0, True),
        (0.0055, 0.005, 0.0, False),
        (0.02, 0.005, 0.05, False),
    ):
        take = Take("grasping() for 1 s")
        for t_s in range(3):
            take.gripper(float(t_s), measured, asked, speed)
        assert take.end(2.0).success is grasping


def test_force_and_torque_are_magnitudes():
    take = Take("force() > 4.9 N and force() < 5.1 N and torque() < 2 Nm")
    take.hear(WRENCH, 0.0, wrench(WrenchSample(START_NS, "ft", (3.0, 0.0, 4.0), (0.0, 1.0, 0.0))))
    assert take.end(0.5).success is True


def test_what_is_not_known_is_not_judged():
    silent = Take("inside(cube, bin_inside)")
    assert silent.end(1.0).success is None
    stale = Take("inside(cube, bin_inside)")
    stale.see(BIN, 0.0, 0.0, 0.0, 0.0)
    stale.see(CUBE, 0.0, 0.0, 0.0, 0.05)
    assert stale.end(2.0).success is None
    frames = Take("inside(cube, bin_inside)")
    frames.see(BIN, 0.0, 0.0, 0.0, 0.0)
    frames.see(CUBE, 0.0, 0.0, 0.0, 0.05, frame="camera")
    assert frames.end(0.5).success is None
    broken = Take("height(cube) > 0 m")
    broken.hear(CUBE, 0.0, b"\x00\x01\x00\x00nonsense")
    assert broken.end(0.5).success is None
    late = Take("rise(cube) > 0 m")
    late.see(CUBE, 1.5, 0.0, 0.0, 1.0)
    late.see(CUBE, 1.7, 0.0, 0.0, 2.0)
    assert late.end(2.0).success is None


def test_steps_are_reached_in_their_order():
    take = Take(None, lift="height(cube) > 0.1 m", lower="height(cube) < 0.05 m")
    for t_s, z in ((0.0, 0.02), (1.0, 0.2), (2.0, 0.02)):
        take.see(CUBE, t_s, 0.0, 0.0, z)
    reached = take.judge.advance(START_NS + NS_PER_S)
    assert [(step.name, step.reached_s) for step in reached] == [("lift", 1.0)]
    judgement = take.end(2.5)
    assert [(s.name, s.success, s.reached_s) for s in judgement.steps] == [
        ("lift", True, 1.0),
        ("lower", True, 2.0),
    ]
    assert judgement.success is True
    assert judgement.evidence["steps"]["lower"]["condition"] == "height(cube) < 0.05 m"


def test_a_step_that_is_missing_or_unknown_leaves_the_task_so():
    low = Take(None, lift="height(cube) > 0.1 m", lower="height(cube) < 0.05 m")
    for tenth in range(10):
        low.see(CUBE, tenth / 10, 0.0, 0.0, 0.02)
    judgement = low.end(1.0)
    assert [step.success for step in judgement.steps] == [False, False]
    assert judgement.success is False
    unseen = Take(None, lift="height(cube) > 0.1 m", lower="height(cube) < 0.05 m").end(1.0)
    assert [step.success for step in unseen.steps] == [None, False]
    assert unseen.success is None


def test_messages_are_judged_in_the_order_of_their_reception():
    take = Take("height(cube) > 1 m")
    take.see(CUBE, 0.4, 0.0, 0.0, 2.0)
    take.see(CUBE, 0.2, 0.0, 0.0, 0.0)
    take.see(CUBE, 0.9, 0.0, 0.0, 0.0)
    assert take.end(0.5).success is True
