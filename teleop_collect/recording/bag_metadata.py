"""metadata.yaml of an episode folder, so that `ros2 bag info|play FOLDER` works.

Version 5 with quality of service as integers in a string is what every rosbag2 from Humble on
reads; newer versions are refused by Humble.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from teleop_collect.topics import Qos

VERSION = 5
BAG_RECORD = "rosbag2"
"""Name of the metadata record that rosbag2 looks for inside the file."""
# libyaml's where PyYAML has it: an operator waits for this text at each stop.
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
# rmw_qos_profiles: history keep last 1; reliability reliable 1, best effort 2; durability
# transient local 1, volatile 2; liveliness automatic 1; "infinite" is this duration.
_KEEP_LAST = 1
_RELIABLE, _BEST_EFFORT = 1, 2
_TRANSIENT_LOCAL, _VOLATILE = 1, 2
_AUTOMATIC = 1
_INFINITE = {"sec": 9223372036, "nsec": 854775807}


@dataclass(frozen=True)
class BagTopic:
    """One topic of a bag: absolute name, type, offered QoS (text) and messages in the file."""

    name: str
    type: str
    offered_qos_profiles: str
    message_count: int


def qos_text(offers: Sequence[Qos]) -> str:
    """The `offered_qos_profiles` of a channel: one entry for each publisher."""
    profiles = [
        {
            "history": _KEEP_LAST,
            "depth": qos.depth,
            "reliability": _RELIABLE if qos.reliable else _BEST_EFFORT,
            "durability": _TRANSIENT_LOCAL if qos.latched else _VOLATILE,
            "deadline": dict(_INFINITE),
            "lifespan": dict(_INFINITE),
            "liveliness": _AUTOMATIC,
            "liveliness_lease_duration": dict(_INFINITE),
            "avoid_ros_namespace_conventions": False,
        }
        for qos in offers
    ]
    return _dumped(profiles) if profiles else ""


def bag_metadata(
    file_name: str, topics: Sequence[BagTopic], start_ns: int, end_ns: int
) -> dict[str, Any]:
    """What rosbag2 knows about one MCAP file.

    Args:
        file_name: name of the MCAP file beside metadata.yaml.
        topics: topics and their message counts.
        start_ns: log time of the first message, UTC ns.
        end_ns: log time of the last message, UTC ns.
    """
    count = sum(topic.message_count for topic in topics)
    starting = {"nanoseconds_since_epoch": start_ns}
    duration = {"nanoseconds": end_ns - start_ns}
    return {
        "version": VERSION,
        "storage_identifier": "mcap",
        "duration": duration,
        "starting_time": starting,
        "message_count": count,
        "topics_with_message_count": [_topic(topic) for topic in topics],
        "compression_format": "",
        "compression_mode": "",
        "relative_file_paths": [file_name],
        "files": [
            {
                "path": file_name,
                "starting_time": dict(starting),
                "duration": dict(duration),
                "message_count": count,
            }
        ],
    }


def metadata_yaml(metadata: dict[str, Any]) -> str:
    """Text of metadata.yaml."""
    return _dumped({"rosbag2_bagfile_information": metadata})


def embedded_yaml(metadata: dict[str, Any]) -> str:
    """Text of the MCAP's own `rosbag2` record: the same without the root key."""
    return _dumped(metadata)


def _dumped(value: object) -> str:
    return str(yaml.dump(value, Dumper=_DUMPER, sort_keys=False))


def _topic(topic: BagTopic) -> dict[str, Any]:
    return {
        "topic_metadata": {
            "name": topic.name,
            "type": topic.type,
            "serialization_format": "cdr",
            "offered_qos_profiles": topic.offered_qos_profiles,
        },
        "message_count": topic.message_count,
    }
