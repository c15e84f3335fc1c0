"""Publishes two raw RGB-D cameras until it is stopped: `python -m teleop_load.camera_load`."""

import threading
import time

import rclpy
from recording_load.publisher import LoadPublisher, sent_counts
from recording_load.streams import LOADS

from teleop_collect.process import StopSignal

STREAMS = tuple(stream for stream in LOADS["two_cameras"] if stream.is_image)
FOREVER_S = 1e6


def main() -> None:
    """Entry point."""
    stop = StopSignal().install()
    rclpy.init(args=[], signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
    node = rclpy.create_node("camera_load")
    load = LoadPublisher(node, STREAMS, sent_counts(STREAMS, None))
    ended = threading.Event()
    threading.Thread(target=lambda: (stop.wait(), ended.set()), daemon=True).start()
    load.run(time.time_ns(), FOREVER_S, 0.0, ended)
    node.destroy_node()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
