"""A leader of other kinematics: a Koch leads the simulated arm by the motion of its tool."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Arm
from teleop_collect.rig.description import RobotDescription, effective_limits, resolve_urdf
from teleop_collect.rig.load import load_rig
from teleop_collect.samples import JointSample
from teleop_collect.teleop.bounds import all_soft_bounds
from teleop_collect.teleop.leader_doubted import LeaderDoubted
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.mapping import JointsUnreadable
from teleop_collect.teleop.pose_leader import PoseLeader
from teleop_collect.teleop.tool_kinematics import ToolKinematics

DT_S = 0.005
DT_NS = 5_000_000
LOADED = load_rig("sim_tabletop")
ARM = LOADED.rig.arms["main"]
FOLLOWER = RobotDescription.from_urdf(resolve_urdf(ARM.urdf, LOADED.path))
LEADER = RobotDescription.from_urdf(resolve_urdf("builtin:koch_follower", None))
KOCH = load_rig("koch_v1_1").rig.arms["main"]
TYPES = {joint: FOLLOWER.joints[joint].type for joint in ARM.joints}
BOUNDS = all_soft_bounds(ARM.joints, TYPES, effective_limits(ARM, FOLLOWER), LOADED.rig.teleop)
QUARTER = (0.0, 0.0, math.pi / 2)
CLUTCH = {"joint": "gripper", "threshold_rad": 0.6}


def arm_with(**pose: object) -> Arm:
    section = {"urdf": "builtin:koch_follower", **pose}
    return Arm.model_validate({**ARM.model_dump(), "mapping": {}, "pose": section})


class Rig:
    """Leader and a follower that is always where it is asked to be."""

    def __init__(self, **pose: object) -> None:
        self.leader = PoseLeader(arm_with(**pose), KOCH.joints, FOLLOWER, LEADER, BOUNDS)
        self.posture = {joint: KOCH.home.get(joint, 0.0) for joint in KOCH.joints}
        self.now_ns = 0
        self.measured = tuple(ARM.home[joint] for joint in ARM.joints)
        self.leader.reset(JointSample(0, ARM.joints, self.measured))

    def step(self, sample: JointSample | None = None) -> JointSample | None:
        self.now_ns += DT_NS
        if sample is None:
            sample = JointSample(self.now_ns, KOCH.joints, tuple(self.posture.values()))
        follower = JointSample(self.now_ns, ARM.joints, self.measured)
        answer = self.leader.update(sample, DT_S, self.now_ns, follower)
        if answer is not None:
            self.measured = answer.position
        return answer

    def go(self, seconds: float = 1.5, **to: float) -> None:
        """Move leader joints, then let the follower arrive."""
        start = dict(self.posture)
        steps = round(seconds / DT_S)
        for n in range(1, steps + 1):
            self.posture |= {j: start[j] + (v - start[j]) * n / steps for j, v in to.items()}
            self.step()
        for _ in range(200):
            self.step()

    def leader_tool(self) -> np.ndarray:
        kinematics = ToolKinematics(LEADER, KOCH.joints, "tool0")
        return kinematics.base_from_tool(np.array(list(self.posture.values())))

    def tool(self) -> np.ndarray:
        return ToolKinematics(FOLLOWER, ARM.joints, ARM.tool_frame).base_from_tool(
            np.array(self.measured)
        )


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.5])
def test_the_tool_repeats_the_leaders_motion_scaled_and_turned(scale):
    rig = Rig(translation_scale=scale, follower_from_leader_rpy_rad=QUARTER)
    rig.step()
    leader, tool = rig.leader_tool(), rig.tool()

    rig.go(shoulder_pan=0.25, elbow_flex=1.0)

    way = rig.leader_tool()[:3, 3] - leader[:3, 3]
    assert np.linalg.norm(way) > 0.03
    assert rig.tool()[:3, 3] - tool[:3, 3] == pytest.approx(
        scale * np.array([-way[1], way[0], way[2]]), abs=2e-3
    )


def test_the_tool_turns_as_the_leaders_does():
    rig = Rig()
    rig.step()
    leader, tool = rig.leader_tool(), rig.tool()

    rig.go(wrist_roll=0.4)

    turned = rig.leader_tool()[:3, :3] @ leader[:3, :3].T
    assert rig.tool()[:3, :3] @ tool[:3, :3].T == pytest.approx(turned, abs=5e-3)


def test_while_the_clutch_is_pressed_the_leader_moves_alone():
    rig = Rig(clutch=CLUTCH)
    rig.go(shoulder_pan=0.1)
    before = rig.tool()

    rig.posture["gripper"] = 0.7
    rig.go(shoulder_pan=-0.4)
    rig.posture["gripper"] = 0.3
    rig.go(0.1)

    assert rig.tool() == pytest.approx(before, abs=1e-3)
    leader, tool = rig.leader_tool(), rig.tool()
    rig.go(shoulder_pan=-0.2)
    way = rig.leader_tool()[:3, 3] - leader[:3, 3]
    assert rig.tool()[:3, 3] - tool[:3, 3] == pytest.approx(way, abs=2e-3)


def test_a_leader_that_was_silent_is_indexed_anew():
    rig = Rig()
    rig.go(shoulder_pan=0.1)
    before = rig.measured
    follower = JointSample(rig.now_ns, ARM.joints, rig.measured)
    assert rig.leader.update(None, DT_S, rig.now_ns, follower) is None

    rig.posture["shoulder_pan"] = -0.5
    rig.step()
    rig.step()

    assert rig.measured == pytest.approx(before, abs=1e-6)


def test_the_gripper_has_a_mapping_of_its_own():
    rig = Rig(gripper={"scale": 0.02, "offset": 0.005})

    rig.go(gripper=1.0)

    assert rig.measured[ARM.joints.index("gripper")] == pytest.approx(0.025, abs=1e-9)


angle = st.floats(-3.0, 3.0) | st.sampled_from([math.nan, math.inf, -math.inf, 1e308])
postures = st.lists(
    st.lists(angle, min_size=len(KOCH.joints), max_size=len(KOCH.joints)), min_size=1, max_size=8
)


@settings(max_examples=40, deadline=None)
@given(postures, st.integers(1, 25))
def test_whatever_the_leader_does_positions_and_speeds_keep_their_bounds(jumps, steps):
    rig = Rig(clutch=CLUTCH, gripper={"scale": 0.02})
    for jump in jumps:
        rig.posture = dict(zip(KOCH.joints, jump, strict=True))
        for _ in range(steps):
            before = rig.measured
            if not all(abs(value) < 1e6 for value in jump):
                with pytest.raises(LeaderDoubted, match="must be finite"):
                    rig.step()
                continue
            answer = rig.step()
            for i, bound in enumerate(BOUNDS):
                after = answer.position[i]
                assert math.isfinite(after)
                assert bound.lower - 1e-9 <= after <= bound.upper + 1e-9
                assert abs(after - before[i]) <= bound.velocity * DT_S + 1e-9


def test_a_leader_without_a_joint_and_a_follower_that_is_no_number_are_told_apart():
    rig = Rig(gripper={"scale": 0.02})
    with pytest.raises(LeaderDoubted, match="leader message misses joint shoulder_pan") as refused:
        rig.step(JointSample(rig.now_ns, KOCH.joints[1:], (0.0,) * 5))
    assert refused.value.doubt.bits == LimiterBits.MISSING_JOINT
    rig.measured = (math.nan, *rig.measured[1:])
    with pytest.raises(JointsUnreadable, match="are not all finite"):
        rig.step()


@pytest.mark.parametrize(
    ("pose", "text"),
    [
        ({"gripper": {"joint": "claw"}}, "pose.gripper.joint 'claw' is none of the arm's joints"),
        ({"clutch": {**CLUTCH, "joint": "pedal"}}, "pose.clutch.joint 'pedal' is none of the"),
        ({"tool_frame": "nose"}, "tool_frame 'nose' is not a link"),
    ],
)
def test_names_that_do_not_exist_are_refused(pose, text):
    with pytest.raises(ConfigError, match=text):
        Rig(**pose)


def test_a_joint_mapping_beside_it_is_refused():
    arm = arm_with().model_copy(update={"mapping": ARM.mapping})

    with pytest.raises(ConfigError, match="mapping names gripper, but `pose` moves the tool"):
        PoseLeader(arm, KOCH.joints, FOLLOWER, LEADER, BOUNDS)
