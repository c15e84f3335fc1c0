"""Samples of a plausible pick-and-place on the simulated tabletop, without any simulator."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

NS = 1_000_000_000
JOINTS = ("shoulder_pan", "shoulder_lift", "elbow", "wrist_1", "wrist_2", "wrist_3", "gripper")
HOME = np.array([0.0, -0.6, 1.5, 0.67, 0.0, 0.0, 0.04])
REACH = np.array([0.35, 0.4, -0.5, 0.3, 0.2, -0.25, -0.03])
FOLLOWER_LAG_S = 0.02
BIN_XYZ = np.array([0.38, -0.2, 0.0])
CUBE_START_XYZ = np.array([0.38, 0.12, 0.02])
CUBE_IN_BIN_XYZ = BIN_XYZ + np.array([0.01, -0.01, 0.03])


@dataclass
class Sample:
    """One message before serialisation; `value` holds what its builder needs.

    `raw` is the message where it was serialised already; who edits a sample sets it to None.
    """

    stamp_ns: int
    log_ns: int
    value: Any
    raw: bytes | None = None


@dataclass
class Stream:
    """All samples of one topic. `expected_hz` is None for event topics."""

    type: str
    expected_hz: float | None
    required: bool
    samples: list[Sample] = field(default_factory=list)


@dataclass
class Plan:
    """Everything about an episode before it is written; defects edit it."""

    start_ns: int
    duration_s: float
    streams: dict[str, Stream]
    manifest_edits: list[Callable[[dict[str, Any]], None]] = field(default_factory=list)
    file_edits: list[Callable[[Path], None]] = field(default_factory=list)
    urdf: str | None = None
    baseline: bytes | None = None


def progress(t_s: np.ndarray, duration_s: float) -> np.ndarray:
    """Minimum-jerk 0 -> 1 -> 0 -> 1 over the episode, at rest for the first and last tenth."""
    phase = np.clip((t_s / duration_s - 0.1) / 0.8, 0.0, 1.0) * 3.0
    leg = np.minimum(phase.astype(int), 2)
    tau = phase - leg
    shape = 10 * tau**3 - 15 * tau**4 + 6 * tau**5
    return np.where(leg % 2 == 0, shape, 1.0 - shape)


def joint_positions(t_s: np.ndarray, duration_s: float) -> np.ndarray:
    """[N, 7] rad (gripper m); a short episode reaches less far, so that speeds stay plausible."""
    return HOME + REACH * min(1.0, duration_s / 3.0) * progress(t_s, duration_s)[:, None]


def periodic(plan: Plan, rng: np.random.Generator, hz: float, delay_s: float) -> list[Sample]:
    """Stamps on a grid with 2% jitter; received `delay_s` (+ up to 0.4 ms) later."""
    count = round(plan.duration_s * hz)
    grid_s = (np.arange(count) + 0.5 + rng.uniform(-0.01, 0.01, count)) / hz
    late_s = delay_s + rng.uniform(0.0, 4e-4, count)
    stamps = plan.start_ns + np.rint(grid_s * NS).astype(np.int64)
    logs = stamps + np.rint(late_s * NS).astype(np.int64)
    return [Sample(int(s), int(log), None) for s, log in zip(stamps, logs, strict=True)]


def times_s(plan: Plan, samples: list[Sample]) -> np.ndarray:
    return (np.array([s.stamp_ns for s in samples], dtype=np.int64) - plan.start_ns) / NS


def add_joints(
    plan: Plan, rng: np.random.Generator, topic: str, lag_s: float, noise_rad: float
) -> None:
    samples = periodic(plan, rng, 200.0, 3e-4)
    t_s = times_s(plan, samples) - lag_s
    position = joint_positions(t_s, plan.duration_s)
    ahead = joint_positions(t_s + 1e-4, plan.duration_s)
    velocity = (ahead - joint_positions(t_s - 1e-4, plan.duration_s)) / 2e-4
    noise = rng.normal(0.0, noise_rad, position.shape)
    for i, sample in enumerate(samples):
        sample.value = {
            "name": list(JOINTS),
            "position": position[i] + noise[i],
            "velocity": velocity[i],
            "effort": np.full(len(JOINTS), 0.1),
        }
    plan.streams[topic] = Stream("sensor_msgs/msg/JointState", 200.0, True, samples)


def copy_stream(plan: Plan, source: str, target: str) -> None:
    """The same values at the same stamps, received a little later."""
    stream = plan.streams[source]
    samples = [
        Sample(s.stamp_ns, s.log_ns + 20_000, {k: v.copy() for k, v in s.value.items()})
        for s in stream.samples
    ]
    plan.streams[target] = Stream(stream.type, stream.expected_hz, stream.required, samples)


def add_wrench(plan: Plan, rng: np.random.Generator) -> None:
    samples = periodic(plan, rng, 500.0, 3e-4)
    for sample, noise in zip(samples, rng.normal(0.0, 0.05, (len(samples), 6)), strict=True):
        sample.value = {"force": np.array([0.0, 0.0, -0.9]) + noise[:3], "torque": noise[3:] * 0.1}
    plan.streams["/follower/wrench"] = Stream(
        "geometry_msgs/msg/WrenchStamped", 500.0, True, samples
    )


def add_status(plan: Plan, rng: np.random.Generator) -> None:
    samples = periodic(plan, rng, 200.0, 3e-4)
    for sample in samples:
        sample.value = {"level": 0, "values": {"state": "ENGAGED", "limiters": "0"}}
    plan.streams["/teleop/status"] = Stream(
        "diagnostic_msgs/msg/DiagnosticArray", 200.0, True, samples
    )


def add_objects(plan: Plan, rng: np.random.Generator, *, success: bool) -> None:
    goal = CUBE_IN_BIN_XYZ if success else CUBE_START_XYZ
    for name, start, end in (("cube", CUBE_START_XYZ, goal), ("bin", BIN_XYZ, BIN_XYZ)):
        samples = periodic(plan, rng, 50.0, 3e-4)
        share = np.clip(times_s(plan, samples) / plan.duration_s / 0.8, 0.0, 1.0)
        for sample, s in zip(samples, share, strict=True):
            sample.value = {"position": start + (end - start) * s}
        plan.streams[f"/objects/{name}/pose"] = Stream(
            "geometry_msgs/msg/PoseStamped", 50.0, True, samples
        )


def add_camera(plan: Plan, rng: np.random.Generator, name: str, size: tuple[int, int]) -> None:
    color = periodic(plan, rng, 30.0, 4e-3)
    pixels = color_images(plan, rng, times_s(plan, color), size)
    depth = depth_images(plan, rng, times_s(plan, color), size)
    info = {"width": size[0], "height": size[1], "frame_id": f"{name}_optical_frame"}
    streams: dict[str, tuple[str, list[Sample]]] = {
        "color/image_raw": ("Image", color),
        "color/camera_info": ("CameraInfo", []),
        "aligned_depth_to_color/image_raw": ("Image", []),
        "aligned_depth_to_color/camera_info": ("CameraInfo", []),
    }
    for i, sample in enumerate(color):
        stamp, log = sample.stamp_ns, sample.log_ns
        sample.value = {**info, "encoding": "rgb8", "pixels": pixels[i]}
        streams["color/camera_info"][1].append(Sample(stamp, log + 1000, info))
        depth_value = {**info, "encoding": "16UC1", "pixels": depth[i]}
        streams["aligned_depth_to_color/image_raw"][1].append(
            Sample(stamp, log + 2000, depth_value)
        )
        streams["aligned_depth_to_color/camera_info"][1].append(Sample(stamp, log + 3000, info))
    for suffix, (kind, samples) in streams.items():
        plan.streams[f"/cameras/{name}/{suffix}"] = Stream(
            f"sensor_msgs/msg/{kind}", 30.0, True, samples
        )


def color_images(
    plan: Plan, rng: np.random.Generator, t_s: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """[N, height, width, 3]: a lit gradient, a striped red block that moves, and sensor noise."""
    width, height = size
    light = (
        np.linspace(60, 200, width)[None, :, None] * np.linspace(0.7, 1.0, height)[:, None, None]
    )
    images = np.repeat((light * np.ones(3))[None], len(t_s), axis=0)
    left = np.rint(progress(t_s, plan.duration_s) * (width - width // 4)).astype(int)
    stripes = 40.0 * np.sin(np.arange(width // 4) * 2 * np.pi * 4 / width)
    block = np.array([190.0, 50.0, 50.0]) + stripes[None, :, None]
    for image, x in zip(images, left, strict=True):
        image[height // 4 : 3 * height // 4, x : x + width // 4] = block
    noisy: np.ndarray = np.clip(images + rng.normal(0.0, 1.5, images.shape), 0, 255)
    return noisy.astype(np.uint8)


def depth_images(
    plan: Plan, rng: np.random.Generator, t_s: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """[N, height, width] mm: a slanted wall, the block in front of it, noise of 2 mm, holes."""
    width, height = size
    images = np.repeat(np.linspace(700.0, 900.0, width)[None, None].repeat(height, 1), len(t_s), 0)
    left = np.rint(progress(t_s, plan.duration_s) * (width - width // 4)).astype(int)
    for image, x in zip(images, left, strict=True):
        image[height // 4 : 3 * height // 4, x : x + width // 4] = 500.0
    noisy = (images + rng.normal(0.0, 2.0, images.shape)).astype(np.uint16)
    noisy[rng.random(noisy.shape) < 0.03] = 0
    return noisy


def add_texts(plan: Plan, episode_id: str, *, success: bool) -> None:
    end_ns = plan.start_ns + round(plan.duration_s * NS)
    task = {"task_id": "pick_cube", "instruction": "put the red cube into the bin"}
    texts: dict[str, list[tuple[int, dict[str, Any]]]] = {
        "/episode": [(plan.start_ns, {"episode_id": episode_id, "state": "recording"})],
        "/task": [(plan.start_ns, task)],
        "/episode/event": [
            (plan.start_ns, {"kind": "start", "episode_id": episode_id}),
            (end_ns - 2000, {"kind": "label", "success": success}),
            (end_ns - 1000, {"kind": "stop", "episode_id": episode_id}),
        ],
    }
    for topic, lines in texts.items():
        samples = [Sample(ns, ns, json.dumps(text)) for ns, text in lines]
        plan.streams[topic] = Stream("std_msgs/msg/String", None, False, samples)


def build_plan(
    episode_id: str,
    start_ns: int,
    duration_s: float,
    seed: int,
    success: bool,
    cameras: tuple[str, ...],
    size: tuple[int, int],
) -> Plan:
    """All streams of one episode."""
    rng = np.random.default_rng(seed)
    plan = Plan(start_ns, duration_s, {})
    add_joints(plan, rng, "/leader/joint_states", 0.0, 2e-5)
    add_joints(plan, rng, "/follower/joint_states", FOLLOWER_LAG_S, 2e-5)
    add_joints(plan, rng, "/teleop/action_requested", 0.0, 0.0)
    copy_stream(plan, "/teleop/action_requested", "/teleop/action_sent")
    add_status(plan, rng)
    add_wrench(plan, rng)
    for name in cameras:
        add_camera(plan, rng, name, size)
    add_objects(plan, rng, success=success)
    add_texts(plan, episode_id, success=success)
    return plan
