"""A rig that records a load: everything comes by topic, from nodes that are not this package's."""

from pathlib import Path

import yaml

from .streams import JOINTS, LOADS, NumberedStream


def _camera(streams: tuple[NumberedStream, ...], name: str) -> dict[str, object]:
    image = next(s for s in streams if s.topic == f"cameras/{name}/color/image_raw")
    size = {"width": image.width, "height": image.height, "fps": image.hz}
    return {"driver": "topic", "serial": f"LOAD-{name}", **size}


def write_rig(path: Path, load: str, **recording: object) -> Path:
    """Write the rig file of a load.

    Args:
        path: where.
        load: name in `LOADS`.
        recording: settings of that section.
    """
    streams = LOADS[load]
    rates = {s.topic: s.hz for s in streams}
    names = [s.topic.split("/")[1] for s in streams if s.kind == "color"]
    joints = [f"joint_{n}" for n in range(JOINTS)]
    arm = {
        "urdf": "builtin:demo_arm",
        "joints": ["shoulder_pan", "shoulder_lift", "elbow", "wrist_1", "wrist_2", "wrist_3"],
        "leader": {"driver": "topic", "rate_hz": rates["leader/joint_states"], "joints": joints},
        "follower": {
            "driver": "ros2_control",
            "serial": "LOAD-1",
            "rate_hz": rates["follower/joint_states"],
            "state_topic": "follower/joint_states",
        },
        "wrench": {"driver": "topic", "rate_hz": rates["follower/wrench"]},
        "mapping": {
            f: {"leader_joint": j}
            for f, j in zip(
                ("shoulder_pan", "shoulder_lift", "elbow", "wrist_1", "wrist_2", "wrist_3"),
                joints,
                strict=False,
            )
        },
    }
    content = {
        "schema": "teleop_collect.rig/1",
        "name": f"load_{load}",
        "embodiment": "recorded_load",
        "arms": {"main": arm},
        "teleop": {"rate_hz": rates["teleop/action_sent"]},
        "cameras": {name: _camera(streams, name) for name in names},
        "recording": {"compression": "none", "min_free_bytes": 0} | recording,
        "tasks": {"load": {"instruction": "record the load"}},
    }
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path
