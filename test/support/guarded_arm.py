"""The demonstration arm behind its whole chain, judged by kinematics and distances of its own."""

from collections.abc import Callable, Sequence
from xml.etree import ElementTree

import coal
import numpy as np
import pinocchio

from teleop_collect.rig.config import Arm, Collision, Teleop, Wrench
from teleop_collect.rig.description import RobotDescription, resolve_urdf
from teleop_collect.samples import JointSample, WrenchSample
from teleop_collect.teleop.bounds import SoftBounds
from teleop_collect.teleop.build import build_chain
from teleop_collect.teleop.collision import CollisionLimit
from teleop_collect.teleop.collision_geometry import TABLE
from teleop_collect.teleop.guard import Guard
from teleop_collect.teleop.guards import arm_guards
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.state import TeleopState
from teleop_collect.teleop.tick import Tick

JOINTS = ("shoulder_pan", "shoulder_lift", "elbow", "wrist_1", "wrist_2", "wrist_3", "gripper")
HOME = (0.0, -1.3, 1.53, 1.3408, 0.0, 0.0, 0.04)
DESCRIPTION = RobotDescription.from_urdf(resolve_urdf("builtin:demo_arm", None))
UTC_NS = 1_700_000_000_000_000_000
PERIOD_NS = 5_000_000
DT_S = 0.005


def reaching(**joints: float) -> tuple[float, ...]:
    """The home posture with some joints elsewhere."""
    return tuple(joints.get(name, value) for name, value in zip(JOINTS, HOME, strict=True))


def guarded(leader: str = "topic", **sections: object) -> Arm:
    """An arm with the sections given; a wrist sensor and no collision unless told."""
    driver: dict[str, object] = {"driver": leader}
    if leader == "topic":
        driver |= {"rate_hz": 200, "joints": JOINTS}
    sections.setdefault("wrench", Wrench())
    sections.setdefault("collision", Collision())
    return Arm(
        urdf="builtin:demo_arm",
        joints=JOINTS,
        home=dict(zip(JOINTS, HOME, strict=True)),
        limits={"shoulder_pan": {"velocity": 2.5}},
        leader=driver,
        follower={"driver": "sim", "serial": "SIM"},
        **sections,
    )


def of_bit(bit: LimiterBits) -> Callable[[Guard], bool]:
    """Guards that set a bit."""
    return lambda guard: guard.bit is bit


def of_table(guard: Guard) -> bool:
    """The guard of the distance to the table."""
    return isinstance(guard, CollisionLimit) and any(TABLE in p for p in guard.distance._pairs)


def of_itself(guard: Guard) -> bool:
    """The guard of the arm's distance to itself."""
    return isinstance(guard, CollisionLimit) and not of_table(guard)


class Judge:
    """Checks commands as an outsider: joint limits, and what the arm as a whole may do."""

    def __init__(self, bounds: Sequence[SoftBounds]) -> None:
        self.violations: list[str] = []
        self._bounds = bounds
        self._before: tuple[tuple[float, ...], ...] | None = None
        self._model = pinocchio.buildModelFromXML(DESCRIPTION.text)
        self._data = self._model.createData()
        self._shapes = list(_shapes(self._model))

    def check(self, sent: Sequence[float]) -> None:
        """Position, velocity, acceleration and jerk of every joint."""
        p, v, a = self._before or (tuple(sent), (0.0,) * 7, (0.0,) * 7)
        velocity = tuple((s - q) / DT_S for s, q in zip(sent, p, strict=True))
        acceleration = tuple((s - q) / DT_S for s, q in zip(velocity, v, strict=True))
        for i, bounds in enumerate(self._bounds):
            jerk = (acceleration[i] - a[i]) / DT_S
            self._within(i, "position", sent[i], bounds.lower, bounds.upper, 1e-9)
            self._within(i, "velocity", velocity[i], -bounds.velocity, bounds.velocity, 1e-9)
            limit = bounds.acceleration
            self._within(i, "acceleration", acceleration[i], -limit, limit, 1e-8)
            self._within(i, "jerk", jerk, -bounds.jerk, bounds.jerk, 1e-5)
        self._before = (tuple(sent), velocity, acceleration)

    def check_arm(self, sent: Sequence[float], arm: Arm, slowed: bool, force_n: float) -> None:
        """Workspace, distances, and the speed that a force leaves."""
        box, tool = arm.workspace.box, self.tool(sent)
        if (tool < np.array(box.lower_m) - 1e-9).any() or (
            tool > np.array(box.upper_m) + 1e-9
        ).any():
            self.violations.append(f"tool at {tool}")
        if self.lowest_point(sent) < arm.collision.table_stop_m - 1e-6:
            self.violations.append(f"distance to the table {self.lowest_point(sent)}")
        if self.self_distance(sent) < arm.collision.stop_m - 1e-6:
            self.violations.append(f"distance to itself {self.self_distance(sent)}")
        guard, speeds = arm.wrench_guard, self._before[1]
        left = (guard.hard_n - force_n) / (guard.hard_n - guard.soft_n)
        share = guard.slow_share + (1.0 - guard.slow_share) * left
        for i, bounds in enumerate(self._bounds[:6]):
            # An acceleration that is let go of carries the speed on a little.
            cap = share * bounds.velocity + bounds.acceleration**2 / (2.0 * bounds.jerk)
            if slowed and abs(speeds[i]) > cap + 1e-9:
                self.violations.append(f"{JOINTS[i]} at {speeds[i]} rad/s, force {force_n} N")

    def tool(self, posture: Sequence[float]) -> np.ndarray:
        """Position of the tool, m."""
        self._place(posture)
        return self._data.oMf[self._model.getFrameId("tool0")].translation.copy()

    def smallest_singular_value(self, posture: Sequence[float]) -> float:
        frame = self._model.getFrameId("tool0")
        whole = pinocchio.computeFrameJacobian(
            self._model,
            self._data,
            self._configuration(posture),
            frame,
            pinocchio.LOCAL_WORLD_ALIGNED,
        )
        return float(np.linalg.svd(whole[:, :6], compute_uv=False)[-1])

    def lowest_point(self, posture: Sequence[float]) -> float:
        """Height of the lowest point of all moving shapes, m."""
        self._place(posture)
        heights = []
        for link, parent, placement, shape in self._shapes:
            if link != "base_link":
                pose = self._data.oMi[parent] * placement
                heights.append(pose.translation[2] - _drop(pose.rotation, shape))
        return min(heights)

    def self_distance(self, posture: Sequence[float]) -> float:
        """Distance of forearm and wrist from base and upper arm, and of the hand from those, m."""
        self._place(posture)
        near = ("base_link", "shoulder_link", "upper_arm_link", "forearm_link")
        far = ("wrist_1_link", "wrist_2_link", "wrist_3_link", "gripper_link", "forearm_link")
        skipped = {
            ("upper_arm_link", "forearm_link"),
            ("forearm_link", "forearm_link"),
            ("forearm_link", "wrist_1_link"),
            ("forearm_link", "wrist_2_link"),
        }
        return min(
            self._distance(a, b)
            for a in self._shapes
            for b in self._shapes
            if a[0] in near and b[0] in far and (a[0], b[0]) not in skipped
        )

    def _distance(self, a: tuple, b: tuple) -> float:
        poses = [self._data.oMi[x[1]] * x[2] for x in (a, b)]
        transforms = [coal.Transform3s(x.rotation, x.translation) for x in poses]
        result = coal.DistanceResult()
        coal.distance(a[3], transforms[0], b[3], transforms[1], coal.DistanceRequest(), result)
        return result.min_distance

    def _within(
        self, joint: int, what: str, value: float, low: float, high: float, slack: float
    ) -> None:
        if not low - slack <= value <= high + slack:
            self.violations.append(f"{JOINTS[joint]} {what} {value}, limits {low} to {high}")

    def _configuration(self, posture: Sequence[float]) -> np.ndarray:
        return np.array([*posture, posture[-1]])  # the second finger mirrors the first

    def _place(self, posture: Sequence[float]) -> None:
        pinocchio.framesForwardKinematics(self._model, self._data, self._configuration(posture))


def _shapes(model):
    """Link, parent joint, placement and shape of every box and cylinder of the URDF."""
    for link in ElementTree.fromstring(DESCRIPTION.text).findall("link"):
        frame = model.frames[model.getFrameId(link.get("name"))]
        for collision in link.findall("collision"):
            origin, element = collision.find("origin"), next(iter(collision.find("geometry")))
            xyz, rpy = (np.array([float(x) for x in origin.get(k).split()]) for k in ("xyz", "rpy"))
            placement = frame.placement * pinocchio.SE3(pinocchio.rpy.rpyToMatrix(rpy), xyz)
            if element.tag == "box":
                shape = coal.Box(*(float(x) for x in element.get("size").split()))
            else:
                shape = coal.Cylinder(float(element.get("radius")), float(element.get("length")))
            yield link.get("name"), frame.parentJoint, placement, shape


def _drop(rotation: np.ndarray, shape) -> float:
    """How far a shape reaches below its centre."""
    if isinstance(shape, coal.Box):
        return float(np.abs(rotation[2]) @ shape.halfSide)
    axis = rotation[2, 2]
    return abs(axis) * shape.halfLength + shape.radius * np.sqrt(max(1.0 - axis**2, 0.0))


class GuardedArm:
    """The chain of one arm, a leader that is where it is put and a follower that does as told."""

    def __init__(
        self,
        arm: Arm,
        start: Sequence[float] = HOME,
        limits_off: tuple[str, ...] = (),
        removed: Callable[[Guard], bool] = lambda guard: False,
    ) -> None:
        teleop = Teleop(limits_off=limits_off)
        self.chain = build_chain("main", arm, DESCRIPTION, teleop)
        self.guards, _ = arm_guards(arm, DESCRIPTION, teleop)
        command = self.chain._command
        self.guards = list(command._guards)
        command._guards = tuple(guard for guard in self.guards if not removed(guard))
        self.judge = Judge(self.chain.bounds)
        self.now_ns = 1_000_000_000
        self.leader, self.follower = tuple(start), tuple(start)
        self.force_n, self.torque_nm = (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)
        self.ticks: list[Tick] = []

    @property
    def last(self) -> Tick:
        return self.ticks[-1]

    def hear_wrench(self, at_ns: int) -> None:
        sample = WrenchSample(UTC_NS + at_ns, "ft_frame", self.force_n, self.torque_nm)
        self.chain.wrench_received(sample, at_ns)

    def step(self, count: int = 1, wrench: bool = True) -> Tick:
        for _ in range(count):
            self.now_ns += PERIOD_NS
            utc_ns = UTC_NS + self.now_ns
            self.chain.leader_received(JointSample(utc_ns, JOINTS, self.leader), self.now_ns)
            self.chain.follower_received(JointSample(utc_ns, JOINTS, self.follower), self.now_ns)
            if wrench:
                self.hear_wrench(self.now_ns)
            tick = self.chain.tick(self.now_ns, utc_ns)
            self.ticks.append(tick)
            if tick.action_sent is not None:
                self.follower = tick.action_sent
                self.judge.check(tick.action_sent)
        return self.last

    def engaged(self, outside: bool = False) -> "GuardedArm":
        self.step()
        answer = self.chain.engage(self.now_ns)
        assert answer.accepted, answer.message
        self.step(2)
        assert self.last.state is TeleopState.ENGAGED or outside
        return self

    def highest(self, value: Callable[[Sequence[float]], float]) -> float:
        return max(value(tick.action_sent) for tick in self.ticks if tick.action_sent)
