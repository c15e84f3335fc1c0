"""Hostile input for leaders in numbers: twists, postures, and a replay's speeds that do not fit."""

import math
import random
from collections.abc import Callable

from support.guarded_arm import DESCRIPTION, JOINTS, Judge
from support.twist_arm import BASE, HOME, TOOL, twist_arm

from teleop_collect.rig.config import Arm, Teleop
from teleop_collect.rig.description import RobotDescription, resolve_urdf
from teleop_collect.rig.load import load_rig
from teleop_collect.samples import JointSample, TwistSample
from teleop_collect.teleop.build import build_chain
from teleop_collect.teleop.cartesian_feed import CartesianFeed
from teleop_collect.teleop.pose_leader import PoseLeader
from teleop_collect.teleop.state import TeleopState
from teleop_collect.teleop.twist_leader import TwistLeader

PERIOD_NS = 5_000_000
UTC_NS = 1_700_000_000_000_000_000
KIND_TICKS = 25
"""So long one kind of input lasts."""
ODD = (math.nan, math.inf, -math.inf, 1e308, -1e308, 1e9)
KOCH = load_rig("koch_v1_1").rig.arms["main"]


def offset_ns(rng: random.Random, kind: str) -> int:
    offsets = {"late": (-400, -50), "future": (0, 200), "back": (-80, 0)}
    return round(1e6 * rng.uniform(*offsets[kind])) if kind in offsets else 0


def twist(rng: random.Random, kind: str, utc_ns: int) -> TwistSample:
    """A deflected cap, and in some kinds nonsense."""
    size = 5.0 if kind == "fast" else 0.2
    values = [rng.uniform(-size, size) for _ in range(6)]
    if kind == "rest":
        values = [0.0] * 6
    if kind == "odd":
        values[rng.randrange(6)] = rng.choice(ODD)
    frame = rng.choice(("camera", "")) if kind == "frame" else rng.choice((BASE, TOOL))
    buttons = tuple(rng.randint(-1, 2) for _ in range(rng.randint(0, 5)))
    stamp_ns = utc_ns + offset_ns(rng, kind)
    return TwistSample(stamp_ns, frame, tuple(values[:3]), tuple(values[3:]), buttons)


def posture(rng: random.Random, kind: str, utc_ns: int) -> JointSample:
    """A leader that jumps about, and in some kinds nonsense."""
    size = 3.0 if kind == "fast" else 0.3
    values = [rng.uniform(-size, size) for _ in KOCH.joints]
    names = list(KOCH.joints)
    if kind == "odd":
        values[rng.randrange(len(values))] = rng.choice(ODD)
    if kind == "frame":
        names[rng.randrange(len(names))] = "unknown"
    if kind == "back":
        values = values[: rng.randint(0, len(values))]
    return JointSample(utc_ns + offset_ns(rng, kind), tuple(names), tuple(values))


def twist_feed() -> CartesianFeed:
    arm = twist_arm()
    chain = build_chain("main", arm, DESCRIPTION, Teleop())
    return CartesianFeed(chain, TwistLeader(arm, DESCRIPTION, chain.bounds))


def pose_feed() -> CartesianFeed:
    pose = {"urdf": "builtin:koch_follower", "clutch": {"joint": "gripper", "threshold_rad": 0.2}}
    gripper = {"joint": "gripper", "leader_joint": "gripper", "scale": 0.02}
    data = load_rig("sim_tabletop").rig.arms["main"].model_dump()
    data |= {"mapping": {}, "wrench": None, "pose": {**pose, "gripper": gripper}}
    arm = Arm.model_validate(data)
    leads = RobotDescription.from_urdf(resolve_urdf("builtin:koch_follower", None))
    chain = build_chain("main", arm, DESCRIPTION, Teleop())
    leader = PoseLeader(arm, KOCH.joints, DESCRIPTION, leads, chain.bounds)
    return CartesianFeed(chain, leader)


KINDS = ("rest", "rest", "slow", "fast", "odd", "frame", "silent", "late", "future", "back", "told")


class Hostile:
    """A feed, its chain and a follower that does as told."""

    def __init__(self, feed: CartesianFeed, rng: random.Random) -> None:
        self.feed, self.chain, self.rng = feed, feed._chain, rng
        self.judge = Judge(self.chain.bounds)
        self.now_ns, self.follower = 1_000_000_000, HOME
        self.states: set[TeleopState] = set()

    def step(self, kind: str, message: Callable[[random.Random, str, int], object]) -> None:
        self.now_ns += PERIOD_NS
        utc_ns = UTC_NS + self.now_ns
        measured = JointSample(utc_ns, JOINTS, self.follower)
        self.chain.follower_received(measured, self.now_ns)
        if kind == "told":
            self._tell(utc_ns)
        elif kind != "silent" and self.rng.random() < 0.7:
            self.feed.received(message(self.rng, kind, utc_ns), self.now_ns)
        if kind != "told":
            self.feed.feed(self.now_ns, utc_ns, measured)
        tick = self.chain.tick(self.now_ns, utc_ns)
        self.states.add(tick.state)
        if tick.action_sent is not None:
            self.judge.check(tick.action_sent)
            self.follower = tick.action_sent

    def _tell(self, utc_ns: int) -> None:
        """As a replay in the leader's place: any positions, with velocities that do not fit."""
        rng = self.rng
        speeds = [rng.choice((*ODD, rng.uniform(-9.0, 9.0))) for _ in range(rng.randint(0, 9))]
        wish = tuple(rng.uniform(-3.0, 3.0) for _ in JOINTS)
        self.chain.leader_received(JointSample(utc_ns, JOINTS, wish, tuple(speeds)), self.now_ns)

    def engage(self) -> None:
        if self.chain.state is TeleopState.FAULT:
            self.chain.disarm()
        self.chain.engage(self.now_ns)

    def play(self, ticks: int, message: Callable[[random.Random, str, int], object]) -> None:
        """Kinds at random, one after the other; a person clears faults and engages at each."""
        kind = KINDS[0]
        for k in range(ticks):
            if k % KIND_TICKS == 0:
                kind = self.rng.choice(KINDS)
                self.engage()
            self.step(kind, message)


LEADERS = ((twist_feed, twist), (pose_feed, posture))
"""How to build each leader, and what its device sends."""
