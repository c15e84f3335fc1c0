"""One RealSense camera, or a recording or emulation of one, published until the stop."""

import json
from dataclasses import asdict

from std_msgs.msg import String

from teleop_collect import topics
from teleop_collect.clock import SystemClock
from teleop_collect.devices.realsense.camera import RealSenseCamera as RealSenseDevice
from teleop_collect.nodes.calibrated_rig import CalibratedRig
from teleop_collect.nodes.camera_geometry import calibrated_geometry
from teleop_collect.nodes.camera_topics import CameraTopics
from teleop_collect.nodes.device_loop import DeviceLoop, run_loops
from teleop_collect.nodes.diagnostics import DiagnosticsPublisher, Row
from teleop_collect.nodes.host import Host
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.calibration.apply import applied_intrinsics
from teleop_collect.rig.config import RealSenseCamera
from teleop_collect.samples import RgbdSample


class RealCamera:
    """Reads the camera in a thread of its own and publishes what it gives.

    Args:
        host: the process's ROS side.
        name: of the camera in the rig file.
        config: its section.
        calibrated: the rig with its current calibrations.
    """

    def __init__(
        self, host: Host, name: str, config: RealSenseCamera, calibrated: CalibratedRig
    ) -> None:
        self._host, self._name, self._calibration = host, name, calibrated
        self._device = RealSenseDevice(config, SystemClock())
        self._topics = CameraTopics(host.node, name, config)
        self._geometry = host.node.create_publisher(
            String, topics.geometry_topic(name), profile(topics.LATCHED_QOS)
        )
        self._numbers = host.node.create_publisher(
            String, topics.color_metadata_topic(name), profile(topics.IMAGE_QOS)
        )
        self._loop = DeviceLoop(
            host,
            f"camera {name}",
            self._device,
            self._step,
            connected=self._calibrated,
            facts=self._facts,
        )
        self._diagnostics = DiagnosticsPublisher(host, self._rows)

    def run(self) -> None:
        """Read until the stop."""
        run_loops(self._host, [self._loop])

    def _calibrated(self) -> None:
        geometry = self._device.geometry
        rig, found = self._calibration.loaded.rig, self._calibration.calibrations
        applied = applied_intrinsics(rig, self._name, found)
        self._topics.calibrated(geometry.color, applied, geometry.distortion)
        transform = geometry.color_from_depth
        text = {
            "color": asdict(geometry.color),
            "distortion": asdict(geometry.distortion),
            "color_from_depth": None if transform is None else transform.tolist(),
            "depth_scale_m": geometry.depth_scale_m,
            "applied": None if applied is None else applied.model_dump(mode="json"),
            **calibrated_geometry(self._calibration, self._name),
        }
        self._geometry.publish(String(data=json.dumps(text)))

    def _step(self) -> None:
        sample = self._device.read()
        self._numbers.publish(String(data=json.dumps(self._numbered(sample))))
        self._topics.publish(sample)

    def _numbered(self, sample: RgbdSample) -> dict[str, int | None]:
        """Which image this is, and how many never came before it."""
        status = self._device.status
        return {
            "stamp_ns": sample.stamp_ns,
            "frame_number": sample.frame_number,
            "lost": status.lost,
            "restarts": status.restarts,
        }

    def _facts(self) -> dict[str, object]:
        status = self._device.status
        values = {k: "unknown" if v is None else v for k, v in vars(status).items()}
        if status.facts is not None:
            values |= {"serial": status.facts.serial, "usb": status.facts.usb}
        return {**values, "not_compressed": self._topics.not_compressed}

    def _rows(self) -> list[Row]:
        return [self._loop.row(self._host.node.get_name())]

    def close(self) -> None:
        """Release the camera."""
        self._topics.close()
        self._loop.close()
