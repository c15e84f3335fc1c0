"""A SpaceMouse on the simulated arm: twists, chain and physics tick by tick, without ROS.

Parts are connected as the nodes connect them. The tool's pose is computed from the joints that the
simulated encoders measure, not from what was sent.
"""

import math

import numpy as np
from support.twist_arm import DESCRIPTION

from teleop_collect.devices.sim.world import SimWorld
from teleop_collect.rig.config import Rig, SpaceMouseLeader
from teleop_collect.rig.load import load_rig
from teleop_collect.samples import FloatArray, TwistSample
from teleop_collect.teleop.build import build_chain
from teleop_collect.teleop.cartesian_feed import CartesianFeed
from teleop_collect.teleop.state import TeleopState
from teleop_collect.teleop.tick import Tick
from teleop_collect.teleop.tool_kinematics import ToolKinematics
from teleop_collect.teleop.twist_leader import TwistLeader

ARM = "main"
UTC_NS = 1_700_000_000_000_000_000
RATE_HZ = 200.0
DT_S = 1.0 / RATE_HZ
RADIUS_M, SPEED_M_S = 0.08, 0.1

Vector = tuple[float, float, float]
STILL: Vector = (0.0, 0.0, 0.0)


def mouse_rig() -> Rig:
    """The simulated tabletop with a SpaceMouse as leader: no touch sensor, and no box that would
    keep the tool from singular postures."""
    rig = load_rig("sim_tabletop").rig
    leader = SpaceMouseLeader(driver="spacemouse")
    led = {"leader": leader, "mapping": {}, "wrench": None, "workspace": None}
    return rig.model_copy(update={"arms": {ARM: rig.arms[ARM].model_copy(update=led)}})


class MouseArm:
    """The arm and all that moves it.

    Attributes:
        ticks: every tick.
        tool_m: measured position of the tool after each tick, base frame.
        joints: measured joints after each tick, rad or m.
    """

    def __init__(self) -> None:
        rig = mouse_rig()
        arm = rig.arms[ARM]
        self._world = SimWorld(rig, 0)
        self._physics = round(rig.sim.physics_hz / RATE_HZ)
        self.chain = build_chain(ARM, arm, DESCRIPTION, rig.teleop)
        leader = TwistLeader(arm, DESCRIPTION, self.chain.bounds)
        self._feed = CartesianFeed(self.chain, leader)
        self._frame = leader.base_frame
        self._kinematics = ToolKinematics(DESCRIPTION, arm.joints, arm.tool_frame)
        self.now_ns = 1_000_000_000
        self.ticks: list[Tick] = []
        self.tool_m: list[FloatArray] = []
        self.joints: list[tuple[float, ...]] = []

    def step(self, linear: Vector = STILL, angular: Vector = STILL) -> Tick:
        """One tick with a fresh twist, then physics until the next."""
        self.now_ns += round(DT_S * 1e9)
        utc_ns = UTC_NS + self.now_ns
        measured = self._world.joint_sample(ARM, utc_ns)
        self.chain.follower_received(measured, self.now_ns)
        self._feed.received(TwistSample(utc_ns, self._frame, linear, angular), self.now_ns)
        self._feed.feed(self.now_ns, utc_ns, measured)
        tick = self.chain.tick(self.now_ns, utc_ns)
        if tick.action_sent is not None:
            sent = dict(zip(self.chain.joints, tick.action_sent, strict=True))
            assert self._world.command(ARM, sent)
        self._world.step(self._physics)
        self.ticks.append(tick)
        self.joints.append(self._world.joint_sample(ARM, utc_ns).position)
        self.tool_m.append(self.tool_of(self.joints[-1]))
        return tick

    def tool_of(self, joints: tuple[float, ...]) -> FloatArray:
        """Position of the tool, m."""
        return self._kinematics.base_from_tool(np.array(joints))[:3, 3]

    def engaged(self) -> "MouseArm":
        """This arm, following a mouse at rest."""
        self.step()
        answer = self.chain.engage(self.now_ns)
        assert answer.accepted, answer.message
        for _ in range(40):
            self.step()
        assert self.ticks[-1].state is TeleopState.ENGAGED
        return self

    def circle(self, turns: float = 1.0) -> tuple[FloatArray, FloatArray]:
        """Drive circles that stand upright before the arm.

        Returns:
            At each tick the measured tool's distance from the circle, and from the point of it that
            a tool without lag would have reached; m, shape (ticks,) each.
        """
        start, off_m, late_m = self.tool_m[-1], [], []
        rate = SPEED_M_S / RADIUS_M
        for tick in range(round(turns * 2.0 * math.pi / rate / DT_S)):
            angle = rate * (tick + 0.5) * DT_S
            self.step((0.0, -SPEED_M_S * math.sin(angle), SPEED_M_S * math.cos(angle)))
            angle = rate * (tick + 1) * DT_S
            way = np.array([0.0, math.cos(angle) - 1.0, math.sin(angle)])
            moved = self.tool_m[-1] - start
            radius_m = math.hypot(moved[1] + RADIUS_M, moved[2])
            off_m.append(math.hypot(radius_m - RADIUS_M, moved[0]))
            late_m.append(float(np.linalg.norm(moved - RADIUS_M * way)))
        return np.array(off_m), np.array(late_m)

    def through_singularity(self) -> None:
        """Push the tool out until the elbow is straight, on for a while, and back."""
        for linear, ticks in (((0.25, 0.0, 0.0), 300), ((-0.25, 0.0, 0.05), 150)):
            for _ in range(ticks):
                self.step(linear)

    def fastest(self, since: int = 0) -> FloatArray:
        """Highest measured speed of each joint, rad/s or m/s, from one tick to the next."""
        return np.abs(np.diff(np.array(self.joints[since:]), axis=0)).max(axis=0) / DT_S
