"""Complete episode folders, written without any code of the package under test.

The file is made by the plain `mcap` writer and rosbags' serialisation, so that a test which reads
it also proves that the reader copes with files of other writers.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from mcap.writer import CompressionType, Writer
from rosbags.typesys import Stores, get_typestore
from support.synthetic_streams import FOLLOWER_LAG_S, JOINTS, NS, Plan, Sample, Stream, build_plan

__all__ = [
    "FOLLOWER_LAG_S",
    "JOINTS",
    "NS",
    "Plan",
    "Sample",
    "Stream",
    "build_plan",
    "write_episode",
]

START_NS = 1_795_166_400 * NS
REFERENCE = "/cameras/scene/color/image_raw"
BASELINE_FILE = "baseline/baseline.json"
RIG_FILE = Path(__file__).parents[2] / "config" / "rigs" / "sim_tabletop.yaml"
# Enums as integers: the form that every rosbag2 since Humble reads.
FOREVER = "\n    sec: 9223372036\n    nsec: 854775807"
QOS = (
    "- history: 1\n  depth: 10\n  reliability: 1\n  durability: 2"
    f"\n  deadline:{FOREVER}\n  lifespan:{FOREVER}\n  liveliness: 1"
    f"\n  liveliness_lease_duration:{FOREVER}\n  avoid_ros_namespace_conventions: false\n"
)

Defect = Callable[[Plan], None]


def write_episode(
    root: Path,
    *,
    episode_id: str = "20261120T090000Z-sim_tabletop-a1b2c3",
    duration_s: float = 3.0,
    seed: int = 0,
    success: bool | None = True,
    cameras: tuple[str, ...] = ("scene", "wrist"),
    size: tuple[int, int] = (64, 48),
    defects: Sequence[Defect] = (),
    start_ns: int = START_NS,
    compression: CompressionType = CompressionType.ZSTD,
    chunk_size: int = 1 << 20,
) -> Path:
    """Write `<root>/episodes/<episode_id>/` and return that folder.

    Args:
        root: dataset root.
        episode_id: name of the folder and of the file.
        duration_s: length.
        seed: of all noise.
        success: outcome; None leaves the episode unlabelled.
        cameras: names of RGB-D cameras.
        size: image width and height, px.
        defects: edits of the plan, in order (see `support.planted_defects`).
        start_ns: UTC time of the first sample.
        compression: of chunks.
        chunk_size: bytes.
    """
    plan = build_plan(episode_id, start_ns, duration_s, seed, bool(success), cameras, size)
    for defect in defects:
        defect(plan)
    return write_plan(
        plan, root, episode_id, success=success, compression=compression, chunk_size=chunk_size
    )


def write_plan(
    plan: Plan,
    root: Path,
    episode_id: str,
    *,
    success: bool | None = True,
    compression: CompressionType = CompressionType.ZSTD,
    chunk_size: int = 1 << 20,
) -> Path:
    """Write a plan as an episode folder and return that folder."""
    folder = root / "episodes" / episode_id
    folder.mkdir(parents=True)
    path = folder / f"{episode_id}.mcap"
    with path.open("wb") as stream:
        write_mcap(Writer(stream, chunk_size=chunk_size, compression=compression), plan, episode_id)
    manifest = manifest_of(plan, episode_id, success, path)
    for edit in plan.manifest_edits:
        edit(manifest)
    (folder / "metadata.yaml").write_text(yaml.safe_dump(rosbag2_metadata(plan, path.name)))
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2))
    for file_edit in plan.file_edits:
        file_edit(path)
    return folder


def write_mcap(writer: Writer, plan: Plan, episode_id: str) -> None:
    """Everything that goes into the file."""
    store = typestore()
    writer.start(profile="ros2", library="synthetic")
    writer.add_metadata("teleop_collect.episode_begin", {"episode_id": episode_id})
    for name, media_type, data in attachments(plan.urdf, plan.baseline):
        writer.add_attachment(plan.start_ns, plan.start_ns, name, media_type, data)
    schemas: dict[str, int] = {}
    channels: dict[str, int] = {}
    for topic, stream in plan.streams.items():
        if stream.type not in schemas:
            text = store.generate_msgdef(stream.type, ros_version=2)[0]
            schemas[stream.type] = writer.register_schema(stream.type, "ros2msg", text.encode())
        channels[topic] = writer.register_channel(
            topic,
            "cdr",
            schemas[stream.type],
            {
                "offered_qos_profiles": QOS,
                "topic_type_hash": store.hash_rihs01(stream.type),
            },
        )
    for log_ns, topic, number, sample in in_receive_order(plan):
        data = sample.raw or serialize(plan.streams[topic].type, sample)
        writer.add_message(channels[topic], log_ns, data, sample.stamp_ns, number)
    writer.add_metadata("teleop_collect.episode_end", {"episode_id": episode_id})
    writer.finish()


def in_receive_order(plan: Plan) -> list[tuple[int, str, int, Sample]]:
    rows = [
        (sample.log_ns, topic, number, sample)
        for topic, stream in plan.streams.items()
        for number, sample in enumerate(stream.samples)
    ]
    return sorted(rows, key=lambda row: row[:3])


@cache
def typestore() -> Any:
    return get_typestore(Stores.ROS2_JAZZY)


def serialize(type_name: str, sample: Sample) -> bytes:
    """CDR bytes of one sample."""
    message = BUILDERS[type_name](typestore().types, sample)
    return bytes(typestore().serialize_cdr(message, type_name))


def header(types: Any, sample: Sample, frame_id: str = "") -> Any:
    stamp = types["builtin_interfaces/msg/Time"](*divmod(sample.stamp_ns, NS))
    return types["std_msgs/msg/Header"](stamp, frame_id)


def joint_state(types: Any, sample: Sample) -> Any:
    v = sample.value
    arrays = [
        np.ascontiguousarray(v[k], dtype=np.float64) for k in ("position", "velocity", "effort")
    ]
    return types["sensor_msgs/msg/JointState"](header(types, sample), list(v["name"]), *arrays)


def xyz(types: Any, kind: str, values: Any) -> Any:
    return types[f"geometry_msgs/msg/{kind}"](*(float(x) for x in values))


def wrench(types: Any, sample: Sample) -> Any:
    force = xyz(types, "Vector3", sample.value["force"])
    torque = xyz(types, "Vector3", sample.value["torque"])
    body = types["geometry_msgs/msg/Wrench"](force, torque)
    return types["geometry_msgs/msg/WrenchStamped"](header(types, sample, "ft_frame"), body)


def pose(types: Any, sample: Sample) -> Any:
    point = xyz(types, "Point", sample.value["position"])
    quat_xyzw = (float(x) for x in sample.value.get("quat_xyzw", (0.0, 0.0, 0.0, 1.0)))
    turn = types["geometry_msgs/msg/Quaternion"](*quat_xyzw)
    body = types["geometry_msgs/msg/Pose"](point, turn)
    return types["geometry_msgs/msg/PoseStamped"](header(types, sample, "world"), body)


def image(types: Any, sample: Sample) -> Any:
    v = sample.value
    data = np.ascontiguousarray(v["pixels"]).view(np.uint8).reshape(-1)
    head = header(types, sample, v["frame_id"])
    step = len(data) // v["height"]
    return types["sensor_msgs/msg/Image"](
        head, v["height"], v["width"], v["encoding"], 0, step, data
    )


def camera_info(types: Any, sample: Sample) -> Any:
    v = sample.value
    f, cx, cy = float(v["width"]), v["width"] / 2, v["height"] / 2
    roi = types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    k = np.array([f, 0, cx, 0, f, cy, 0, 0, 1.0])
    p = np.array([f, 0, cx, 0, 0, f, cy, 0, 0, 0, 1.0, 0])
    head = header(types, sample, v["frame_id"])
    return types["sensor_msgs/msg/CameraInfo"](
        head, v["height"], v["width"], "plumb_bob", np.zeros(5), k, np.eye(3).ravel(), p, 0, 0, roi
    )


def diagnostics(types: Any, sample: Sample) -> Any:
    pairs = [types["diagnostic_msgs/msg/KeyValue"](*kv) for kv in sample.value["values"].items()]
    status = types["diagnostic_msgs/msg/DiagnosticStatus"](
        sample.value["level"], "teleop: main", "", "", pairs
    )
    return types["diagnostic_msgs/msg/DiagnosticArray"](header(types, sample), [status])


def string(types: Any, sample: Sample) -> Any:
    return types["std_msgs/msg/String"](sample.value)


BUILDERS: dict[str, Callable[[Any, Sample], Any]] = {
    "sensor_msgs/msg/JointState": joint_state,
    "geometry_msgs/msg/WrenchStamped": wrench,
    "geometry_msgs/msg/PoseStamped": pose,
    "sensor_msgs/msg/Image": image,
    "sensor_msgs/msg/CameraInfo": camera_info,
    "diagnostic_msgs/msg/DiagnosticArray": diagnostics,
    "std_msgs/msg/String": string,
}


def urdf_text() -> str:
    """A URDF with the limits of the seven joints, 0.1 m apart, and a tool; nothing to be seen."""
    lines = ['<robot name="demo_arm"><link name="l0"/>']
    for number, name in enumerate(JOINTS, 1):
        kind = "prismatic" if name == "gripper" else "revolute"
        lower, upper = (0.0, 0.04) if name == "gripper" else (-3.1, 3.1)
        axis = "0 0 1" if number % 2 else "0 1 0"
        lines.append(
            f'<link name="l{number}"/><joint name="{name}" type="{kind}">'
            f'<origin xyz="0 0 0.1"/><parent link="l{number - 1}"/><child link="l{number}"/>'
            f'<axis xyz="{axis}"/>'
            f'<limit lower="{lower}" upper="{upper}" velocity="3.0" effort="50"/></joint>'
        )
    tool = '<joint name="tool" type="fixed"><origin xyz="0 0 0.1"/><parent link="l6"/>'
    return "".join([*lines, '<link name="tool0"/>', tool, '<child link="tool0"/></joint></robot>'])


def attachments(
    urdf: str | None = None, baseline: bytes | None = None
) -> list[tuple[str, str, bytes]]:
    found = [
        ("rig.yaml", "application/yaml", RIG_FILE.read_bytes()),
        ("main.urdf", "application/xml", (urdf or urdf_text()).encode()),
    ]
    if baseline is not None:
        found.append((BASELINE_FILE, "application/json", baseline))
    return found


def ledger(stream: Stream) -> dict[str, Any]:
    """What an honest recorder would say of the samples that are in the file."""
    stamps = np.array([s.stamp_ns for s in stream.samples], dtype=np.int64)
    steps = np.diff(stamps)
    period = NS / stream.expected_hz if stream.expected_hz else np.inf
    span = float(stamps[-1] - stamps[0]) if len(stamps) > 1 else 0.0
    count = len(stamps)
    return {
        "type": stream.type,
        "required": stream.required,
        "expected_hz": stream.expected_hz,
        "mean_hz": (count - 1) * NS / span if span > 0 and stream.expected_hz else "unknown",
        "received": count,
        "written": count,
        "dropped_queue": 0,
        "lost_transport": 0,
        "gaps": int((steps > 1.5 * period).sum()),
        "max_gap_ms": float(steps.max() / 1e6) if count > 1 else "unknown",
        "out_of_order": int((steps < 0).sum()),
        "duplicate_stamps": int((steps == 0).sum()),
        "skew_ms": {"reference": REFERENCE, "p50": 1.0, "p95": 2.0, "max": 3.0},
    }


def iso(ns: int) -> str:
    seconds, rest = divmod(ns, NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def manifest_of(plan: Plan, episode_id: str, success: bool | None, path: Path) -> dict[str, Any]:
    """Every key of the manifest."""
    ended_ns = plan.start_ns + round(plan.duration_s * NS)
    return {
        "schema": "teleop_collect.manifest/1",
        "episode_id": episode_id,
        "rig": "sim_tabletop",
        "embodiment": "demo_arm_6dof",
        "task": {
            "task_id": "pick_cube",
            "instruction": "put the red cube into the bin",
            "scene_id": "table_a",
        },
        "operator": "op-7f3a",
        "site": "lab_1",
        "robot_serials": {"follower": "SIM-0001", "leader": "EMU-0001"},
        "started": iso(plan.start_ns),
        "started_ns": plan.start_ns,
        "ended": iso(ended_ns),
        "ended_ns": ended_ns,
        "duration_s": plan.duration_s,
        "termination": "stopped",
        "outcome": {
            "success": success,
            "operator_label": success,
            "predicate_label": success,
            "agreement": None if success is None else True,
            "reason": None,
            "notes": "",
        },
        "rig_check": {
            "result": "pass",
            "at": iso(plan.start_ns - 60 * NS),
            "at_ns": plan.start_ns - 60 * NS,
            "sha256": sha256(b"check"),
            "override": None,
        },
        "hashes": {
            "mcap_sha256": sha256(path.read_bytes()),
            "rig": sha256(RIG_FILE.read_bytes()),
            "urdf": sha256(urdf_text().encode()),
            "calibration": sha256(b""),
        },
        "software": {
            "version": "0.1.0",
            "commit": "0" * 40,
            "ros_distro": "jazzy",
            "rmw": "rmw_fastrtps_cpp",
        },
        "clock": {"source": "monotonic", "steps": 0},
        "license": "CC-BY-4.0",
        "consent": [],
        "streams": {topic: ledger(stream) for topic, stream in plan.streams.items()},
        "recovered": False,
    }


def rosbag2_metadata(plan: Plan, file_name: str) -> dict[str, Any]:
    """rosbag2 metadata, version 5."""
    logs = [s.log_ns for stream in plan.streams.values() for s in stream.samples]
    start, duration = min(logs), max(logs) - min(logs)
    times = {
        "duration": {"nanoseconds": duration},
        "starting_time": {"nanoseconds_since_epoch": start},
        "message_count": len(logs),
    }
    topics = [
        {
            "topic_metadata": {
                "name": topic,
                "type": stream.type,
                "serialization_format": "cdr",
                "offered_qos_profiles": QOS,
            },
            "message_count": len(stream.samples),
        }
        for topic, stream in plan.streams.items()
    ]
    information = {
        "version": 5,
        "storage_identifier": "mcap",
        **times,
        "topics_with_message_count": topics,
        "compression_format": "",
        "compression_mode": "",
        "relative_file_paths": [file_name],
        "files": [{"path": file_name, **times}],
    }
    return {"rosbag2_bagfile_information": information}
