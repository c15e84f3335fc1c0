"""Observations of a rig on which everything is well, for tests to spoil."""

import json
import math
from dataclasses import replace

import numpy as np

from teleop_collect import topics
from teleop_collect.rig.checks.baseline import Baseline, CameraBaseline
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.driver_status import DriverStatus, DriverStatuses
from teleop_collect.rig.checks.machine import Machine
from teleop_collect.rig.checks.motion import JointStep, MotionRecord, PosePair
from teleop_collect.rig.checks.observation import Observation, Sample
from teleop_collect.rig.checks.picture import Picture, grey, sharpness
from teleop_collect.rig.checks.trace import Timing, Trace
from teleop_collect.rig.config import Arm, Camera
from teleop_collect.rig.description import descriptions_of
from teleop_collect.rig.load import LoadedRig
from teleop_collect.rig.streams import checked_streams
from teleop_collect.samples import Intrinsics, JointSample, WrenchSample
from teleop_collect.topics import Stream, arm_topic

SECOND_NS = 1_000_000_000
OBSERVED_S = 2
SERVO = {
    "model": "XL330-M288",
    "firmware": 52,
    "return_delay_us": 0,
    "min_ticks": 0,
    "max_ticks": 4095,
    "voltage_v": 5.0,
    "min_voltage_v": 3.5,
    "max_voltage_v": 7.0,
    "temperature_c": 30,
    "max_temperature_c": 70,
    "hardware_error": 0,
}
READING = DriverStatus(
    "ok", "reading", {"latency_timer_ms": "1.0", "servo: shoulder": json.dumps(SERVO)}
)
WELL = DriverStatuses({"leader_arm: leader main": READING})


def good_context(loaded: LoadedRig, root) -> CheckContext:
    """A context on which every check passes."""
    observations = {s.topic: _observation(s) for s in checked_streams(loaded.rig)}
    for topic, sample in _samples(loaded).items():
        force_n = sample.force_n if isinstance(sample, WrenchSample) else None
        observations[topic] = replace(
            observations[topic], sample=sample, trace=trace_of(sample), mean_force_n=force_n
        )
    observations[topics.DIAGNOSTICS] = Observation(
        topics.DIAGNOSTICS,
        sample=DriverStatuses({f"leader_arm: leader {arm}": READING for arm in loaded.rig.arms}),
    )
    for name, camera in loaded.rig.cameras.items():
        color, depth = pictures(camera)
        _show(observations, topics.color_topic(name), color)
        _show(observations, topics.depth_topic(name), depth)
    descriptions = descriptions_of(loaded.rig, loaded.path)
    arms = loaded.rig.arms
    motions = {name: good_motion(arm) for name, arm in arms.items()}
    return CheckContext(
        loaded,
        descriptions,
        observations,
        root,
        Machine(8 << 30, 8 << 20, True, "synchronised", 1e-4, loaded.rig.teleop.rate_hz),
        motions=motions,
        poses={name: good_poses(arm) for name, arm in arms.items()},
        baseline=good_baseline(loaded),
        now_ns=10 * SECOND_NS,
    )


def _show(observations: dict[str, Observation], topic: str, shown: tuple[Picture, ...]) -> None:
    if topic in observations:
        observations[topic] = replace(observations[topic], pictures=shown)


def pictures(camera: Camera) -> tuple[tuple[Picture, ...], tuple[Picture, ...]]:
    """Colour and depth of a bright box, nearer than the wall behind it."""
    width, height = camera.width, camera.height
    color = np.full((height, width, 3), 90, np.uint8)
    depth = np.full((height, width), 1200, np.uint16)
    rows, columns = slice(10, height // 2), slice(10, width // 3)
    color[rows, columns] = 200
    depth[rows, columns] = 900
    stamps = (0, SECOND_NS // 3)
    return (
        tuple(Picture(stamp, "rgb8", color.copy()) for stamp in stamps),
        tuple(Picture(stamp, "16UC1", depth.copy()) for stamp in stamps),
    )


def good_motion(arm: Arm) -> MotionRecord:
    """Each joint stepped and followed at once."""
    joints = arm.joints
    per_step = 50
    sent = np.zeros((per_step * len(joints), len(joints)))
    for index in range(len(joints)):
        begin = index * per_step
        sent[begin : begin + per_step, index] = np.linspace(0, 0.03, per_step)
        sent[begin + per_step :, index] = 0.03
    times = np.arange(len(sent)) * 10_000_000
    steps = tuple(
        JointStep(joint, int(times[i * per_step]), int(times[(i + 1) * per_step - 1]))
        for i, joint in enumerate(joints)
    )
    forces = ((0.0, 0.0, 0.1), (0.0, 0.1, 0.1))
    return MotionRecord(joints, times, sent, times, sent.copy(), steps, (), forces)


def good_poses(arm: Arm) -> tuple[PosePair, ...]:
    """Leader and follower together in one posture more than there are joints."""
    posture = dict.fromkeys(arm.joints, 0.0)
    pairs = [PosePair(posture, posture)]
    for joint in arm.joints:
        posture = {**posture, joint: 0.1}
        pairs.append(PosePair(posture, posture))
    return tuple(pairs)


def good_baseline(loaded: LoadedRig) -> Baseline:
    """The rig as `good_context` shows it."""
    cameras = {}
    for name, camera in loaded.rig.cameras.items():
        color, depth = pictures(camera)
        seen = grey(color[0])
        cameras[name] = CameraBaseline(
            serial=camera.serial,
            width=camera.width,
            height=camera.height,
            brightness=float(seen.mean()),
            sharpness=sharpness(seen),
            depth_m=float(np.median(depth[0].pixels)) / 1000,
            depth_fill=1.0,
        )
    ages = {s.topic: 0.002 for s in checked_streams(loaded.rig) if s.expected_hz}
    return Baseline(
        rig=loaded.rig.name, made_ns=0, software_version="0", ages_s=ages, cameras=cameras
    )


def spoiled(context: CheckContext, topic: str, **changes: object) -> CheckContext:
    """The context with one observation changed."""
    observation = replace(context.observations[topic], **changes)
    return replace(context, observations={**context.observations, topic: observation})


def _observation(stream: Stream) -> Observation:
    seen = Observation(stream.topic, (stream.type,), 1, stream.qos)
    if stream.expected_hz is None:
        return seen
    count = round(stream.expected_hz * OBSERVED_S) + 1
    return replace(
        seen,
        count=count,
        first_ns=0,
        last_ns=OBSERVED_S * SECOND_NS,
        max_gap_ns=round(SECOND_NS / stream.expected_hz),
        stamp_age_s=0.002,
        changes=count - 1,
        timing=Timing(
            np.linspace(0, OBSERVED_S * SECOND_NS, count).astype(np.int64),
            np.full(count, 2_000_000, np.int64),
        ),
    )


def _samples(loaded: LoadedRig) -> dict[str, Sample]:
    samples: dict[str, Sample] = {}
    for name, arm in loaded.rig.arms.items():
        samples |= _arm_samples(arm)
        text = descriptions_of(loaded.rig, loaded.path)[name].text
        samples[arm_topic(arm.prefix, topics.ROBOT_DESCRIPTION)] = text
    for name, camera in loaded.rig.cameras.items():
        samples[topics.color_info_topic(name)] = intrinsics(camera)
        if camera.depth:
            samples[topics.depth_info_topic(name)] = intrinsics(camera)
    return samples


def _arm_samples(arm: Arm) -> dict[str, Sample]:
    follower = {joint: arm.home.get(joint, 0.0) for joint in arm.joints}
    leader = {}
    for joint, position in follower.items():
        mapping = arm.mapping.get(joint)
        factor = mapping.sign * mapping.scale if mapping else 1.0
        leader[(mapping and mapping.leader_joint) or joint] = position / factor
    samples: dict[str, Sample] = {
        arm_topic(arm.prefix, topics.LEADER_JOINT_STATES): joints(leader),
        arm_topic(arm.prefix, topics.FOLLOWER_JOINT_STATES): joints(follower),
    }
    if arm.wrench is not None:
        wrench = WrenchSample(0, arm.wrench.frame_id, (0.1, 0.2, 0.3), (0.0, 0.0, 0.0))
        samples[arm_topic(arm.prefix, topics.FOLLOWER_WRENCH)] = wrench
    return samples


def trace_of(sample: Sample, noise: float = 0.0) -> Trace | None:
    """A sample's values over time, with alternating noise of this standard deviation."""
    if isinstance(sample, JointSample):
        names, values = sample.names, sample.position
    elif isinstance(sample, WrenchSample):
        names = ("force_x", "force_y", "force_z", "torque_x", "torque_y", "torque_z")
        values = sample.force_n + sample.torque_nm
    else:
        return None
    rows = np.tile(np.array(values, float), (100, 1))
    rows += noise * np.where(np.arange(100) % 2, 1, -1)[:, None] / np.sqrt(2)
    return Trace(names, np.arange(100) * 5_000_000, rows)


def joints(positions: dict[str, float]) -> JointSample:
    """A joint sample of positions by name."""
    return JointSample(0, tuple(positions), tuple(positions.values()))


def intrinsics(camera: Camera) -> Intrinsics:
    """Exact intrinsics of a simulated camera, and something usual for any other."""
    focal_px = camera.height / (2 * math.tan(getattr(camera, "fovy_rad", 0.9) / 2))
    center = ((camera.width - 1) / 2, (camera.height - 1) / 2)
    return Intrinsics(camera.width, camera.height, focal_px, focal_px, *center)
