"""Episodes of the simulated rig as plans, stepped as fast as the machine goes and without ROS.

Physics, scene, scripted operator, renderer and the whole safety chain are the shipped ones: what is
sent is what the chain's limiters leave of the request, with their bits.
"""

import copy
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from support.synthetic_episode import START_NS, serialize
from support.synthetic_streams import NS, Plan, Sample, Stream

from teleop_collect.devices.sim.arm_kinematics import ArmKinematics
from teleop_collect.devices.sim.mujoco_library import import_mujoco
from teleop_collect.devices.sim.operator import plan_scene
from teleop_collect.devices.sim.operator_plan import leader_positions
from teleop_collect.devices.sim.poses import pose_of
from teleop_collect.devices.sim.renderer import open_renderer
from teleop_collect.devices.sim.scene import build_model
from teleop_collect.devices.sim.world import SimWorld
from teleop_collect.rig.config import Rig
from teleop_collect.rig.description import RobotDescription, resolve_urdf
from teleop_collect.rig.load import load_rig
from teleop_collect.samples import JointSample
from teleop_collect.teleop.build import build_chain
from teleop_collect.teleop.state import TeleopState
from teleop_collect.teleop.tick import Tick

REST_S = 0.6
ENGAGE_MS = 1000
JOINT_HZ, WRENCH_HZ, POSE_HZ, CAMERA_HZ = 200, 500, 50, 30
JOINT_STATE, POSE = "sensor_msgs/msg/JointState", "geometry_msgs/msg/PoseStamped"
WRENCH, IMAGE = "geometry_msgs/msg/WrenchStamped", "sensor_msgs/msg/Image"
INFO, STATUS = "sensor_msgs/msg/CameraInfo", "diagnostic_msgs/msg/DiagnosticArray"


def small_rig(size: tuple[int, int], cameras: tuple[str, ...]) -> Rig:
    """The shipped rig with fewer and smaller images."""
    rig = load_rig("sim_tabletop").rig
    fitted = {
        name: camera.model_copy(update={"width": size[0], "height": size[1]})
        for name, camera in rig.cameras.items()
        if name in cameras
    }
    return rig.model_copy(update={"cameras": fitted})


class Simulation:
    """One attempt of the scripted operator.

    Args:
        seed: of scene, operator and noise.
        duration_s: length; the arm rests for 0.6 s first.
        size: of images, px.
        cameras: names.
        keep_pixels: images stay in the plan as arrays too, so that defects can change them.
    """

    def __init__(
        self,
        seed: int,
        duration_s: float,
        size: tuple[int, int] = (160, 120),
        cameras: tuple[str, ...] = ("scene",),
        *,
        keep_pixels: bool = True,
    ) -> None:
        self._keep_pixels = keep_pixels
        self.rig = small_rig(size, cameras)
        self._arm = self.rig.arms["main"]
        self._size, self._seed = size, seed
        self._rng = np.random.default_rng(seed)
        self._world = SimWorld(self.rig, seed)
        self._operator = plan_scene(self.rig, seed)
        self._kinematics = ArmKinematics(self._arm)
        self._model = build_model(self.rig, self._world.scene)
        self._data = import_mujoco().MjData(self._model)
        description = RobotDescription.from_urdf(resolve_urdf(self._arm.urdf, None))
        self.plan = Plan(START_NS, duration_s, {}, urdf=description.text)
        self._chain = build_chain("main", self._arm, description, self.rig.teleop)

    def run(self) -> Plan:
        """Everything that a recorder would have seen, serialised."""
        renderer = open_renderer("auto")
        renderer.load(self._model)
        images = 0
        self._engage()
        for ms in range(round(self.plan.duration_s * 1000)):
            if ms % (1000 // JOINT_HZ) == 0:
                self._control(ms)
            if ms % (1000 // WRENCH_HZ) == 0:
                sample = self._world.wrench_sample("main", 0)
                value = {"force": np.array(sample.force_n), "torque": np.array(sample.torque_nm)}
                self._add("/follower/wrench", WRENCH, WRENCH_HZ, ms, value)
            if ms % (1000 // POSE_HZ) == 0:
                self._poses(ms)
            if ms * CAMERA_HZ >= images * 1000:
                self._images(renderer, ms)
                images += 1
            self._world.step(self.rig.sim.physics_hz // 1000)
        renderer.close()
        for stream in self.plan.streams.values():
            for sample in stream.samples:
                sample.raw = sample.raw or serialize(stream.type, sample)
        return self.plan

    def _engage(self) -> None:
        """Arm and align before the recording begins, the hand at rest."""
        for ms in range(-ENGAGE_MS, 0, 1000 // JOINT_HZ):
            tick = self._tick(ms)[-1]
            if tick.state is TeleopState.DISARMED:
                answer = self._chain.engage(self._now_ns(ms))
                assert answer.accepted or ms < -ENGAGE_MS // 2, answer.message
            self._world.step(self.rig.sim.physics_hz // JOINT_HZ)
        assert tick.state is TeleopState.ENGAGED, tick

    def _now_ns(self, ms: int) -> int:
        return (ms + 2 * ENGAGE_MS) * 1_000_000

    def _tick(self, ms: int) -> tuple[list[str], np.ndarray, JointSample, Tick]:
        """Leader's joints and positions, the follower's sample, and what the chain made of them."""
        wish = self._operator.position_at(max(ms, 0) / 1000 - REST_S)
        position = np.array([wish[name] for name in self._arm.joints])
        names, leader = leader_positions(self._arm, position[None])
        now_ns, utc_ns = self._now_ns(ms), self.plan.start_ns + ms * 1_000_000
        measured = replace(self._world.joint_sample("main", 0), stamp_ns=utc_ns)
        wrench = replace(self._world.wrench_sample("main", 0), stamp_ns=utc_ns)
        heard = JointSample(utc_ns, tuple(names), tuple(map(float, leader[0])))
        self._chain.leader_received(heard, now_ns)
        self._chain.follower_received(measured, now_ns)
        self._chain.wrench_received(wrench, now_ns)
        tick = self._chain.tick(now_ns, utc_ns)
        if tick.action_sent is not None:
            self._world.command("main", dict(zip(self._arm.joints, tick.action_sent, strict=True)))
        return names, leader[0], measured, tick

    def _control(self, ms: int) -> None:
        leader_names, leader, sample, tick = self._tick(ms)
        assert tick.action_requested is not None
        assert tick.action_sent is not None, tick
        follower = np.array(sample.position) + self._rng.normal(0.0, 2e-5, len(sample.position))
        requested, sent = np.array(tick.action_requested), np.array(tick.action_sent)
        rows = (
            ("/leader/joint_states", leader_names, leader, (), ()),
            ("/teleop/action_requested", self._arm.joints, requested, (), ()),
            ("/teleop/action_sent", self._arm.joints, sent, (), ()),
            ("/follower/joint_states", sample.names, follower, sample.velocity, sample.effort),
        )
        for topic, names, values, velocity, effort in rows:
            value = {
                "name": list(names),
                "position": values,
                "velocity": np.array(velocity, dtype=np.float64),
                "effort": np.array(effort, dtype=np.float64),
            }
            self._add(topic, JOINT_STATE, JOINT_HZ, ms, value)
        values = {"state": tick.state.name, "limiters": str(int(tick.limiters))}
        status = {"level": 0, "values": values}
        self._add("/teleop/status", STATUS, JOINT_HZ, ms, status)

    def _poses(self, ms: int) -> None:
        joints = self._world.joint_sample("main", 0).by_name()
        posture = np.array([joints[name] for name in self._kinematics.joints])
        tool = pose_of(self._kinematics.base_from_tool(posture))
        poses = {"/follower/tool_pose": tool}
        for name in ("cube", "bin"):
            poses[f"/objects/{name}/pose"] = self._world.object_pose(name, 0).pose
        for topic, pose in poses.items():
            value = {"position": np.array(pose.position_m), "quat_xyzw": pose.quat_xyzw}
            self._add(topic, POSE, POSE_HZ, ms, value)

    def _images(self, renderer: object, ms: int) -> None:
        self._data.qpos[:] = self._world.qpos
        import_mujoco().mj_forward(self._model, self._data)
        for name in self.rig.cameras:
            color, depth = renderer.render(self._data, name)  # type: ignore[attr-defined]
            noise = self._rng.normal(0.0, 2.0, depth.shape)
            depth = np.where(depth > 0, np.maximum(depth + noise, 1), 0).astype(np.uint16)
            info = {"width": self._size[0], "height": self._size[1], "frame_id": name}
            for suffix, kind, value in (
                ("color/image_raw", IMAGE, {"encoding": "rgb8", "pixels": color.copy()}),
                ("color/camera_info", INFO, {}),
                ("aligned_depth_to_color/image_raw", IMAGE, {"encoding": "16UC1", "pixels": depth}),
                ("aligned_depth_to_color/camera_info", INFO, {}),
            ):
                self._add(f"/cameras/{name}/{suffix}", kind, CAMERA_HZ, ms, {**info, **value})

    def _add(self, topic: str, kind: str, hz: float, ms: int, value: object) -> None:
        stream = self.plan.streams.setdefault(topic, Stream(kind, float(hz), True))
        stamp_ns = self.plan.start_ns + ms * 1_000_000 + int(self._rng.integers(0, 100_000))
        log_ns = stamp_ns + 300_000 + int(self._rng.integers(0, 400_000))
        sample = Sample(stamp_ns, log_ns, value)
        if kind == IMAGE and not self._keep_pixels:
            sample = Sample(stamp_ns, log_ns, None, serialize(kind, sample))
        stream.samples.append(sample)


def cropped(plan: Plan, duration_s: float, edited: tuple[str, ...] = ()) -> Plan:
    """The beginning of an episode; streams that will be edited are copied."""
    end_ns = plan.start_ns + round(duration_s * NS)
    made = Plan(plan.start_ns, duration_s, {}, urdf=plan.urdf, baseline=plan.baseline)
    for topic, stream in plan.streams.items():
        kept = [sample for sample in stream.samples if sample.stamp_ns < end_ns]
        if topic in edited:
            kept = [Sample(s.stamp_ns, s.log_ns, copy.deepcopy(s.value)) for s in kept]
        made.streams[topic] = Stream(stream.type, stream.expected_hz, stream.required, kept)
    return made


def lengths_s(rng: np.random.Generator, low: float, high: float) -> Iterator[float]:
    """Lengths of episodes, with and without defects drawn alike."""
    while True:
        yield float(rng.uniform(low, high))
