"""Episodes of the real simulator, recorded by the real recorder core, faster than real time.

No ROS and no cameras: physics at 1 kHz, the scripted operator's plan straight to the follower,
messages serialised by rosbags, the recorder on a clock of the simulation. What the simulator knows
beyond the messages (which bodies touch) is kept as the truth that predicates are compared with.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.typesys import Stores, get_typestore

from teleop_collect.clock import NS_PER_S, FakeClock
from teleop_collect.devices.sim.operator import ScriptedOperator
from teleop_collect.devices.sim.pick_and_place import IntendedOutcome
from teleop_collect.devices.sim.world import SimWorld
from teleop_collect.recording.recorder import EpisodeRecorder, StartRequest
from teleop_collect.rig.load import LoadedRig, load_rig
from teleop_collect.rig.streams import streams_of
from teleop_collect.samples import JointSample, PoseSample, WrenchSample

ARM = "main"
SENT, STATES = "/teleop/action_sent", "/follower/joint_states"
WRENCH, EVENT = "/follower/wrench", "/episode/event"
OBJECTS = ("cube", "bin")
TOPICS = (SENT, STATES, WRENCH, EVENT, *(f"/objects/{name}/pose" for name in OBJECTS))
TICK_HZ, POSE_HZ, WATCH_HZ = 100, 50, 10
SETTLE_S = 0.5
GRASP_S = 0.3
FINGERS = frozenset({"main/finger_left_link", "main/finger_right_link"})
BIN_FLOOR = "bin_0"
SOFTWARE = {"version": "0", "commit": "0", "ros_distro": "none", "rmw": "none"}
STORE = get_typestore(Stores.ROS2_JAZZY)
TYPES: Any = STORE.types


@dataclass(frozen=True)
class Recorded:
    """One episode and what the simulator knows of it.

    Attributes:
        folder: of the episode.
        success: whether the cube lay on the bin's floor in the end, held by nobody.
        steps: whether each step of the task happened.
        intended: what the operator was out for.
        live_events: steps that the recorder told of while recording.
    """

    folder: Path
    success: bool
    steps: dict[str, bool]
    intended: str
    live_events: tuple[str, ...]


class Truth:
    """Watches contacts and heights at every tick."""

    def __init__(self, world: SimWorld) -> None:
        self._world = world
        self._held_s = 0.0
        self._grasped = self._lifted = self._placed = False

    def look(self) -> None:
        touching = self._world.touching("cube")
        held = touching >= FINGERS
        self._held_s = self._held_s + 1 / TICK_HZ if held else 0.0
        self._grasped |= self._held_s > GRASP_S
        height_m = self._world.object_pose("cube", 0).pose.position_m[2]
        self._lifted |= self._grasped and height_m > 0.05
        self._placed |= self._lifted and self.in_bin

    @property
    def in_bin(self) -> bool:
        """Whether the cube lies on the bin's floor and no finger touches it."""
        touching = self._world.touching("cube")
        return BIN_FLOOR in touching and not touching & FINGERS

    @property
    def steps(self) -> dict[str, bool]:
        return {"grasp": self._grasped, "lift": self._lifted, "place": self._placed}


class Studio:
    """A simulated rig and its recorder.

    Args:
        root: dataset root.
        rig: a rig with a simulated arm `main`.
    """

    def __init__(self, root: Path, rig: LoadedRig) -> None:
        self._clock = FakeClock()
        self._world = SimWorld(rig.rig, 0, rig.path)
        self._operator = ScriptedOperator(rig.rig, rig.path)
        streams = {f"/{s.topic}": s for s in streams_of(rig.rig)}
        chosen = {topic: streams[topic] for topic in TOPICS}
        self.core = EpisodeRecorder(rig, root, self._clock, chosen, SOFTWARE)

    def record(
        self, seed: int, outcome: IntendedOutcome | None = None, label: bool | None = None
    ) -> Recorded:
        """Record one attempt in the scene of `seed`; `label` is what the operator says of it."""
        world = self._world
        world.reset(seed)
        world.step(round(SETTLE_S * world.rig.sim.physics_hz))
        poses = {name: world.object_pose(name, 0).pose for name in OBJECTS}
        plan = self._operator.plan(poses, seed, outcome)
        self.core.start(StartRequest(task_id="pick_cube", override="bench: no rig is attached"))
        truth = Truth(world)
        events: list[str] = []
        for tick in range(round((plan.duration_s + SETTLE_S) * TICK_HZ)):
            target = plan.position_at(tick / TICK_HZ)
            world.command(ARM, target)
            world.step(round(world.rig.sim.physics_hz / TICK_HZ))
            truth.look()
            self._clock.advance_ns(NS_PER_S // TICK_HZ)
            self._publish(tick, target)
            if tick % (TICK_HZ // WATCH_HZ) == 0:
                self.core.watch_streams()
                events += [e["step"] for e in self._events() if e["kind"] == "step"]
        if label is not None:
            self.core.label(label)
        folder = self.core.stop().path
        intended = str(plan.intended_outcome.value)
        return Recorded(folder, truth.in_bin, truth.steps, intended, tuple(events))

    def _events(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.core.take_events()]

    def _publish(self, tick: int, target: dict[str, float]) -> None:
        now_ns, world = self._clock.utc_ns(), self._world
        asked = JointSample(now_ns, tuple(target), tuple(target.values()))
        self.core.offer(SENT, joint_state(asked), now_ns)
        self.core.offer(STATES, joint_state(world.joint_sample(ARM, now_ns)), now_ns)
        self.core.offer(WRENCH, wrench(world.wrench_sample(ARM, now_ns)), now_ns)
        if tick % (TICK_HZ // POSE_HZ) == 0:
            for name in OBJECTS:
                data = pose(world.object_pose(name, now_ns))
                self.core.offer(f"/objects/{name}/pose", data, now_ns)


@contextmanager
def studio(root: Path, rig: str = "sim_tabletop") -> Iterator[Studio]:
    """A studio that closes its recorder."""
    made = Studio(root, load_rig(rig))
    try:
        yield made
    finally:
        made.core.close()


def joint_state(sample: JointSample) -> bytes:
    arrays = [np.array(v, dtype=float) for v in (sample.position, sample.velocity, sample.effort)]
    message = TYPES["sensor_msgs/msg/JointState"](header(sample.stamp_ns), sample.names, *arrays)
    return bytes(STORE.serialize_cdr(message, "sensor_msgs/msg/JointState"))


def wrench(sample: WrenchSample) -> bytes:
    vector = TYPES["geometry_msgs/msg/Vector3"]
    body = TYPES["geometry_msgs/msg/Wrench"](vector(*sample.force_n), vector(*sample.torque_nm))
    head = header(sample.stamp_ns, sample.frame_id)
    message = TYPES["geometry_msgs/msg/WrenchStamped"](head, body)
    return bytes(STORE.serialize_cdr(message, "geometry_msgs/msg/WrenchStamped"))


def pose(sample: PoseSample) -> bytes:
    point = TYPES["geometry_msgs/msg/Point"](*sample.pose.position_m)
    turn = TYPES["geometry_msgs/msg/Quaternion"](*sample.pose.quat_xyzw)
    body = TYPES["geometry_msgs/msg/Pose"](point, turn)
    head = header(sample.stamp_ns, sample.frame_id)
    message = TYPES["geometry_msgs/msg/PoseStamped"](head, body)
    return bytes(STORE.serialize_cdr(message, "geometry_msgs/msg/PoseStamped"))


def header(stamp_ns: int, frame_id: str = "") -> Any:
    stamp = TYPES["builtin_interfaces/msg/Time"](*divmod(stamp_ns, NS_PER_S))
    return TYPES["std_msgs/msg/Header"](stamp, frame_id)
