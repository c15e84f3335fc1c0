"""What is published of a camera's place and of the calibrations behind it."""

import json
from dataclasses import asdict
from typing import Any

from rclpy.node import Node
from std_msgs.msg import String

from teleop_collect import topics
from teleop_collect.nodes.calibrated_rig import CalibratedRig
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.calibration.apply import applied_intrinsics
from teleop_collect.rig.calibration.devices import camera_device
from teleop_collect.rig.calibration.records import Kind
from teleop_collect.samples import Intrinsics

CAMERA_KINDS: tuple[Kind, ...] = ("camera", "hand_eye")


def calibrated_geometry(calibrated: CalibratedRig, camera: str) -> dict[str, Any]:
    """Mount of a camera as its drivers' rig has it, and the hashes of applied calibrations."""
    applied = calibrated.loaded.rig.calibration.apply
    found = {k: calibrated.calibrations.get(k, camera_device(camera)) for k in CAMERA_KINDS}
    used = {k: c.sha256 for k, c in found.items() if c is not None and k in applied}
    mount = calibrated.rig.cameras[camera].mount
    return {"mount": mount.model_dump(mode="json"), "calibrations": used}


class SimulatedGeometry:
    """Latched geometry of one simulated camera, as a real camera's node publishes its own.

    Attributes:
        camera: its name.
    """

    def __init__(self, node: Node, calibrated: CalibratedRig, camera: str) -> None:
        self.camera = camera
        self._calibrated = calibrated
        self._publisher = node.create_publisher(
            String, topics.geometry_topic(camera), profile(topics.LATCHED_QOS)
        )

    def publish(self, intrinsics: Intrinsics) -> None:
        """Publish once.

        Args:
            intrinsics: of the driver; calibrated ones stand above them where applied.
        """
        calibrated = self._calibrated
        found = applied_intrinsics(calibrated.loaded.rig, self.camera, calibrated.calibrations)
        color: dict[str, Any] = asdict(intrinsics)
        coefficients = (0.0,) * 5
        if found is not None:
            color |= found.model_dump(include={"width", "height", "fx", "fy", "cx", "cy"})
            coefficients = found.distortion
        text = {
            "color": color,
            "distortion": {"model": "plumb_bob", "coefficients": coefficients},
            **calibrated_geometry(calibrated, self.camera),
        }
        self._publisher.publish(String(data=json.dumps(text)))
