"""A small rig, its streams and CDR messages for tests of the recorder."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.faulty_file_system import FaultyFileSystem

from teleop_collect import topics
from teleop_collect.clock import FakeClock
from teleop_collect.recording.file_system import FileSystem
from teleop_collect.recording.interrupted import InterruptedEpisodes
from teleop_collect.recording.place import Place
from teleop_collect.recording.recorder import EpisodeRecorder, StartRequest
from teleop_collect.recording.rig_documents import RigDocument
from teleop_collect.rig.config import Rig
from teleop_collect.topics import Qos, Stream, StreamKind

NS = 1_000_000_000
JOINTS = "/follower/joint_states"
COLOR = "/cameras/scene/color/image_raw"
DEPTH = "/cameras/scene/aligned_depth_to_color/image_raw"
CUBE = "/objects/cube/pose"
BIN = "/objects/bin/pose"
EVENT = "/episode/event"
SOFTWARE = {"version": "0.1.0", "commit": "abc", "ros_distro": "jazzy", "rmw": "rmw_fastrtps_cpp"}
PASSED = {"result": "pass", "at_ns": 1_700_000_000 * NS}


def stream(topic: str, type_name: str, kind: StreamKind, hz: float | None) -> Stream:
    return Stream(topic, type_name, kind, hz, hz is not None, Qos(depth=10))


STREAMS = {
    s.topic: s
    for s in (
        stream(JOINTS, topics.JOINT_STATE, StreamKind.JOINTS, 200.0),
        stream(COLOR, topics.IMAGE, StreamKind.COLOR, 30.0),
        stream(DEPTH, topics.IMAGE, StreamKind.DEPTH, 30.0),
        stream(CUBE, topics.POSE_STAMPED, StreamKind.POSE, 50.0),
        stream(BIN, topics.POSE_STAMPED, StreamKind.POSE, 50.0),
        stream(EVENT, topics.STRING, StreamKind.LABEL, None),
    )
}


@dataclass(frozen=True)
class LoadedRig:
    rig: Rig
    path: Path
    sha256: str
    text: str


def rig(**recording: Any) -> Rig:
    """One arm, one camera, a cube and a bin; `recording` overrides that section."""
    return Rig.model_validate(
        {
            "name": "test_rig",
            "embodiment": "test_arm",
            "arms": {
                "main": {
                    "urdf": "none.urdf",
                    "joints": ["a"],
                    "leader": {"serial": "L-1", "port": "sim://x", "servos": {}},
                    "follower": {"driver": "sim", "serial": "F-1"},
                }
            },
            "recording": {"min_free_bytes": 0, "compression": "none"} | recording,
            "tasks": {
                "pick_cube": {
                    "instruction": "pick the cube",
                    "success": {
                        "object": "cube",
                        "relative_to": "bin",
                        "center_m": [0.0, 0.0, 0.05],
                        "size_m": [0.1, 0.1, 0.1],
                    },
                },
                "wave": {"instruction": "wave"},
            },
            "provenance": {"operator": "op-1", "site": "lab", "license": "CC-BY-4.0"},
        }
    )


def recorder(
    root: Path,
    *,
    clock: Any = None,
    file_system: FileSystem | None = None,
    streams: Mapping[str, Stream] = STREAMS,
    **recording: Any,
) -> EpisodeRecorder:
    loaded = LoadedRig(rig(**recording), root / "rig.yaml", "0" * 64, "schema: x\n")
    documents = [RigDocument("rig.yaml", "application/yaml", b"schema: x\n")]
    return EpisodeRecorder(
        loaded, root, clock or FakeClock(), streams, SOFTWARE, documents, file_system
    )


def recovered_in(root: Path, failures: list[str]) -> list[Path]:
    """Episodes that the next recorder of a root recovers; `failures` gets why others were not."""

    def fail(place: Place, message: str) -> None:
        failures.append(f"{place.episode_id}: {message}")

    return InterruptedEpisodes(root, FaultyFileSystem(), lambda report: None, fail).recover()


def salvaged(root: Path) -> list[Path]:
    """The same where nothing may fail."""
    failures: list[str] = []
    recovered = recovered_in(root, failures)
    assert failures == []
    return recovered


def request(**changes: Any) -> StartRequest:
    return StartRequest(**{"task_id": "pick_cube", "rig_check": PASSED} | changes)


def header(stamp_ns: int, frame_id: str = "world") -> bytes:
    seconds, nanoseconds = divmod(stamp_ns, NS)
    return b"\x00\x01\x00\x00" + struct.pack("<iI", seconds, nanoseconds) + text(frame_id)


def text(value: str) -> bytes:
    raw = value.encode() + b"\0"
    return struct.pack("<I", len(raw)) + raw


def padded(data: bytes, alignment: int) -> bytes:
    """CDR alignment counts from after the 4 bytes of encapsulation."""
    return data + b"\0" * (-(len(data) - 4) % alignment)


def joint_state(stamp_ns: int, number: int = 0) -> bytes:
    """JointState with one joint whose position is `number`."""
    data = padded(header(stamp_ns), 4) + struct.pack("<I", 1) + text("a")
    data = padded(data, 4) + struct.pack("<I", 1)
    data = padded(data, 8) + struct.pack("<d", number)
    return data + struct.pack("<II", 0, 0)


def pose(stamp_ns: int, xyz: tuple[float, float, float], frame_id: str = "world") -> bytes:
    return padded(header(stamp_ns, frame_id), 8) + struct.pack("<7d", *xyz, 0.0, 0.0, 0.0, 1.0)


def image(stamp_ns: int, pixels: bytes) -> bytes:
    """mono8 image of one row."""
    data = padded(header(stamp_ns), 4) + struct.pack("<II", 1, len(pixels)) + text("mono8")
    data = padded(data + b"\0", 4) + struct.pack("<II", len(pixels), len(pixels))
    return data + pixels


def string(value: str) -> bytes:
    return b"\x00\x01\x00\x00" + text(value)
