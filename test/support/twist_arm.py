"""The simulated rig's arm moved by twists, with forward kinematics of its own to judge it by."""

from dataclasses import replace

import numpy as np
import pinocchio

from teleop_collect.rig.config import Arm, SpaceMouseLeader, Teleop
from teleop_collect.rig.description import RobotDescription, effective_limits, resolve_urdf
from teleop_collect.samples import JointSample, TwistSample
from teleop_collect.teleop.bounds import SoftBounds, all_soft_bounds
from teleop_collect.teleop.twist_leader import TwistLeader

JOINTS = ("shoulder_pan", "shoulder_lift", "elbow", "wrist_1", "wrist_2", "wrist_3", "gripper")
HOME = (0.0, -1.3, 1.53, 1.3408, 0.3, 0.0, 0.02)
"""With the wrist turned a little, so that no axis of the tool lies along one of the base."""
STRETCHED = (0.0, -1.3, 0.0, 1.3, 0.5, 0.0, 0.02)
UTC_NS = 1_700_000_000_000_000_000
DT_S = 0.005
DT_NS = 5_000_000
BASE, TOOL = "base_link", "tool0"

DESCRIPTION = RobotDescription.from_urdf(resolve_urdf("builtin:demo_arm", None))


def twist_config(**changes: object) -> SpaceMouseLeader:
    return SpaceMouseLeader(driver="spacemouse", **changes)


def twist_arm(config: SpaceMouseLeader | None = None, **changes: object) -> Arm:
    leader = twist_config() if config is None else config
    return Arm(
        urdf="builtin:demo_arm",
        joints=changes.pop("joints", JOINTS),
        leader=leader,
        follower={"driver": "sim", "serial": "SIM"},
        **changes,
    )


def soft_bounds(arm: Arm) -> tuple[SoftBounds, ...]:
    types = {joint: DESCRIPTION.joints[joint].type for joint in arm.joints}
    return all_soft_bounds(arm.joints, types, effective_limits(arm, DESCRIPTION), Teleop())


class TwistDriver:
    """A twist leader, the time, and every sample it gave."""

    def __init__(
        self, arm: Arm | None = None, start: tuple[float, ...] = HOME, rested: bool = True
    ) -> None:
        self.arm = twist_arm() if arm is None else arm
        self.bounds = soft_bounds(self.arm)
        self.leader = TwistLeader(self.arm, DESCRIPTION, self.bounds)
        self.stamp_ns = UTC_NS
        self.samples: list[JointSample] = []
        self.leader.reset(self.follower(start))
        if rested:
            self.step()

    @property
    def positions(self) -> np.ndarray:
        return np.array(self.samples[-1].position)

    def follower(self, positions: tuple[float, ...]) -> JointSample:
        return JointSample(self.stamp_ns, self.arm.joints, tuple(positions))

    def twist(
        self,
        linear: tuple[float, float, float] = (0.0, 0.0, 0.0),
        angular: tuple[float, float, float] = (0.0, 0.0, 0.0),
        frame: str = BASE,
        buttons: tuple[int, ...] = (0, 0),
    ) -> TwistSample:
        return TwistSample(self.stamp_ns, frame, linear, angular, buttons)

    def step(self, count: int = 1, follower=None, **twist: object) -> JointSample:
        """`count` periods, each with a fresh twist."""
        for _ in range(count):
            self.stamp_ns += DT_NS
            sample = self.leader.update(self.twist(**twist), DT_S, self.stamp_ns, follower)
            assert sample is not None
            self.samples.append(sample)
        return self.samples[-1]

    def advance(self, twist: TwistSample | None) -> JointSample | None:
        self.stamp_ns += DT_NS
        if twist is not None:
            twist = replace(twist, stamp_ns=self.stamp_ns)
        return self.leader.update(twist, DT_S, self.stamp_ns)


class Reference:
    """Forward kinematics written apart from the code under test."""

    description = DESCRIPTION

    def __init__(self) -> None:
        self._model = pinocchio.buildModelFromXML(DESCRIPTION.text)
        self._data = self._model.createData()
        self._tool = self._model.getFrameId(TOOL)

    def base_from_tool(self, positions) -> np.ndarray:
        configuration = pinocchio.neutral(self._model)
        for joint, position in zip(JOINTS, positions, strict=True):
            configuration[self._model.joints[self._model.getJointId(joint)].idx_q] = position
        pinocchio.framesForwardKinematics(self._model, self._data, configuration)
        return np.array(self._data.oMf[self._tool].homogeneous)
