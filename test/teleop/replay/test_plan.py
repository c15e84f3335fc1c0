"""What a replay asks of a rig's arms, from its rig file."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import JointMapping
from teleop_collect.rig.load import LoadedRig, load_rig
from teleop_collect.samples import JointSample
from teleop_collect.teleop.mapping import JointMap
from teleop_collect.teleop.replay.plan import Recorded, plan_replay
from teleop_collect.teleop.replay.unmapping import Unmapping


def rig_with(folder: Path, **arm: object) -> LoadedRig:
    data = yaml.safe_load(load_rig("sim_tabletop").text)
    data["arms"]["main"] |= arm
    path = folder / "rig.yaml"
    path.write_text(yaml.safe_dump(data))
    return load_rig(str(path))


def recorded(loaded: LoadedRig, **to: float) -> dict[str, Recorded]:
    """Two seconds from home to the named joint positions."""
    arm = loaded.rig.arms["main"]
    home = np.array([arm.home[joint] for joint in arm.joints])
    end = np.array([to.get(joint, arm.home[joint]) for joint in arm.joints])
    share = np.linspace(0.0, 1.0, 401)[:, None]
    stamps = (np.arange(401) * 5_000_000).astype(np.int64)
    return {"main": Recorded(arm.joints, stamps, home + share * (end - home))}


def test_a_motion_within_every_limit_is_planned_at_its_speed(tmp_path):
    loaded = rig_with(tmp_path)

    plan = plan_replay(loaded, recorded(loaded, shoulder_pan=0.5), 0.5)["main"]

    assert plan.violations == ()
    assert plan.motion.duration_s == pytest.approx(4.0)
    assert plan.ramp_speeds == (0.25,) * 6 + (0.02,)
    assert plan.units["gripper"] == "m"


def test_a_tool_that_leaves_its_workspace_is_refused_before_it_moves(tmp_path):
    box = {"lower_m": [-1.0, -0.1, 0.0], "upper_m": [1.0, 0.1, 1.5]}
    loaded = rig_with(tmp_path, workspace={"box": box})

    (found,) = plan_replay(loaded, recorded(loaded, shoulder_pan=1.0), 1.0)["main"].violations

    assert (found.what, found.limit, found.t_s) == ("workspace clearance", 0.0, pytest.approx(2.0))
    assert found.value < -0.1


def test_links_that_would_touch_are_refused_before_they_move(tmp_path):
    loaded = rig_with(tmp_path, collision={"table": {"offset_m": 0.0}})

    found = plan_replay(loaded, recorded(loaded, shoulder_lift=0.3), 1.0)["main"].violations

    near = [violation for violation in found if violation.what == "distance"]
    assert any("table" in str(violation) for violation in near)


@pytest.mark.parametrize("speed", [0.0, -1.0, 2.5])
def test_a_speed_out_of_range_is_refused(tmp_path, speed):
    loaded = rig_with(tmp_path)

    with pytest.raises(ConfigError, match=r"it must be 0\.01 to 2"):
        plan_replay(loaded, recorded(loaded), speed)


def test_the_leader_of_a_replay_asks_through_the_mapping_for_what_was_sent():
    mapping = {
        "pan": JointMapping(sign=-1, offset=0.3),
        "grip": JointMapping(leader_joint="trigger", scale=0.04, offset=0.001),
    }
    joints = ("pan", "lift", "grip")
    follower = JointSample(7, ("grip", "pan", "lift"), (0.02, 0.5, -0.7))

    leader = Unmapping(joints, mapping).leader(follower)

    assert leader.stamp_ns == 7
    wish = JointMap(joints, mapping).wish(leader)
    assert wish == pytest.approx((0.5, -0.7, 0.02), abs=1e-12)


def test_one_leader_joint_for_two_cannot_be_driven_again():
    both = JointMapping(leader_joint="both")

    with pytest.raises(ConfigError, match="joints left and right are both driven by leader joint"):
        Unmapping(("left", "right"), {"left": both, "right": both})
