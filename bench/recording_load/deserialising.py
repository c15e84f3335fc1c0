"""What recorders in plain Python do: callbacks with message objects, written by `mcap_ros2.writer`.

`python -m recording_load.deserialising LOAD FILE {zstd,none}`. The writer's default is zstd; with
`none` it has as little to do as the recorder in this bench. It is given the recorder's reader
depths; an fsync it has not.
"""

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rclpy
from mcap.writer import CompressionType
from mcap_ros2.writer import Writer
from rclpy.executors import ExternalShutdownException

from teleop_collect.recording.messages import message_definition

from .publisher import quality
from .reader_depths import reader_depths
from .streams import LOADS, NumberedStream

TYPES = {
    "color": "sensor_msgs/msg/Image",
    "depth": "sensor_msgs/msg/Image",
    "joints": "sensor_msgs/msg/JointState",
    "wrench": "geometry_msgs/msg/WrenchStamped",
}


def main() -> None:
    """Entry point."""
    depths = reader_depths(sys.argv[1])
    with Path(sys.argv[2]).open("wb") as file:
        writer = Writer(file, compression=CompressionType[sys.argv[3].upper()])
        rclpy.init(args=[])
        node = rclpy.create_node("deserialising")
        for stream in LOADS[sys.argv[1]]:
            qos = quality(stream, depths[stream.topic])
            node.create_subscription(stream.type, stream.topic, _writing(writer, stream), qos)
        with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
            rclpy.spin(node)
        writer.finish()


def _writing(writer: Writer, stream: NumberedStream) -> Callable[[Any, Any], None]:
    definition = message_definition(TYPES[stream.kind])
    schema = writer.register_msgdef(definition.name, definition.text)
    topic = f"/{stream.topic}"

    def write(message: Any, info: dict[str, int]) -> None:
        writer.write_message(
            topic, schema, message, info["received_timestamp"], info["source_timestamp"]
        )

    return write


if __name__ == "__main__":
    main()
