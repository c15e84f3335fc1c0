"""Node `camera`: publishes the simulated cameras of a rig under realsense-ros's names."""

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image

from teleop_collect import topics
from teleop_collect.clock import NS_PER_S, SystemClock
from teleop_collect.devices.sim.camera import SimCameras
from teleop_collect.errors import ConfigError, DeviceDisconnected, DeviceTimeout
from teleop_collect.nodes import conversions
from teleop_collect.nodes.diagnostics import DiagnosticsPublisher, Row
from teleop_collect.nodes.host import Host, run_node
from teleop_collect.nodes.qos import profile
from teleop_collect.process import prefer_data
from teleop_collect.rig.config import Camera
from teleop_collect.rig.runtime import sim_state_path
from teleop_collect.samples import Intrinsics, RgbdSample

RETRY_S = 0.2


class CameraTopics:
    """The topics of one camera."""

    def __init__(self, node: Node, name: str, config: Camera, intrinsics: Intrinsics) -> None:
        self.name = name
        self.period_ns = round(NS_PER_S / config.fps)
        self.published = 0
        self._frame_id = f"{name}_color_optical_frame"
        self._info = conversions.camera_info(intrinsics, self._frame_id)
        qos = profile(topics.IMAGE_QOS)
        self._color = node.create_publisher(Image, topics.color_topic(name), qos)
        self._color_info = node.create_publisher(CameraInfo, topics.color_info_topic(name), qos)
        if config.depth:
            self._depth = node.create_publisher(Image, topics.depth_topic(name), qos)
            self._depth_info = node.create_publisher(CameraInfo, topics.depth_info_topic(name), qos)

    def publish(self, sample: RgbdSample) -> None:
        """Publish colour, depth where there is one, and their CameraInfo with the same stamp."""
        self._info.header.stamp = conversions.time_message(sample.stamp_ns)
        self._color.publish(conversions.color_image(sample, self._frame_id))
        self._color_info.publish(self._info)
        depth = conversions.depth_image(sample, self._frame_id)
        if depth is not None:
            self._depth.publish(depth)
            self._depth_info.publish(self._info)
        self.published += 1


class CameraNode:
    """All simulated cameras of a rig, rendered in this one process."""

    def __init__(self, host: Host) -> None:
        self._host = host
        loaded = host.rig()
        configs = {n: c for n, c in loaded.rig.cameras.items() if c.driver == "sim"}
        if not configs:
            raise ConfigError(
                f"{loaded.path}: no camera with driver 'sim' for this node to publish"
            )
        self._clock = SystemClock()
        self._cameras = SimCameras(
            loaded.rig, tuple(configs), sim_state_path(), self._clock, loaded.path
        )
        self._cameras.connect()
        host.node.get_logger().info(f"rendering with {self._cameras.backend}")
        self._topics = [
            CameraTopics(host.node, name, config, self._cameras.intrinsics(name))
            for name, config in configs.items()
        ]
        self._skipped = 0
        self._problem = ""
        self._diagnostics = DiagnosticsPublisher(host, self._rows)

    def run(self) -> None:
        """Take each camera's image when it is due, cameras of one rate together."""
        due_ns = dict.fromkeys((c.name for c in self._topics), self._clock.monotonic_ns())
        while not self._host.stop.is_set:
            camera = min(self._topics, key=lambda c: due_ns[c.name])
            self._clock.sleep_until_ns(due_ns[camera.name])
            self._publish(camera)
            due_ns[camera.name] += camera.period_ns
            behind = (self._clock.monotonic_ns() - due_ns[camera.name]) // camera.period_ns
            if behind > 1:
                self._skipped += behind
                due_ns[camera.name] += behind * camera.period_ns

    def _publish(self, camera: CameraTopics) -> None:
        """Publish one image; while the physics is away publish nothing and say so once."""
        try:
            camera.publish(self._cameras.read(camera.name))
            self._problem = ""
        except (DeviceTimeout, DeviceDisconnected) as error:
            if str(error) != self._problem and not self._host.stop.is_set:
                self._host.node.get_logger().error(str(error))
            self._problem = str(error)
            self._host.stop.wait(RETRY_S)

    def _rows(self) -> list[Row]:
        values: dict[str, object] = {c.name: c.published for c in self._topics}
        values["skipped"] = self._skipped
        values["renderer"] = self._cameras.backend
        level = "error" if self._problem else "warn" if self._skipped else "ok"
        return [("camera: images", level, self._problem or "rendering", values)]

    def close(self) -> None:
        """Release the renderer."""
        self._cameras.close()


def main() -> int:
    """Entry point."""
    prefer_data()
    return run_node("camera", CameraNode)


if __name__ == "__main__":
    raise SystemExit(main())
