"""All simulated cameras of a rig, rendered in this one process."""

from collections.abc import Mapping
from dataclasses import replace

from teleop_collect.clock import NS_PER_S, SystemClock
from teleop_collect.devices.sim.camera import SimCameras
from teleop_collect.devices.sim.faults import CameraFaults
from teleop_collect.devices.sim.faulty_camera import faulty_image, faulty_intrinsics
from teleop_collect.errors import ConfigError, DeviceDisconnected, DeviceTimeout
from teleop_collect.nodes.calibrated_rig import CalibratedRig
from teleop_collect.nodes.camera_geometry import SimulatedGeometry
from teleop_collect.nodes.camera_topics import CameraTopics
from teleop_collect.nodes.diagnostics import DiagnosticsPublisher, Row
from teleop_collect.nodes.host import Host
from teleop_collect.nodes.sim_faults import watch_faults
from teleop_collect.rig.calibration.apply import applied_intrinsics, applies_to_cameras
from teleop_collect.rig.config import SimCamera
from teleop_collect.rig.runtime import sim_state_path
from teleop_collect.samples import RgbdSample

RETRY_S = 0.2


class SimulatedCameras:
    """Takes each camera's image when it is due."""

    def __init__(self, host: Host, calibrated: CalibratedRig) -> None:
        self._host = host
        loaded = calibrated.loaded
        found = calibrated.calibrations
        configs = {n: c for n, c in loaded.rig.cameras.items() if isinstance(c, SimCamera)}
        if not configs:
            raise ConfigError(
                f"{loaded.path}: no camera with driver 'sim' for this node to publish"
            )
        self._rig, self._configs = loaded.rig, configs
        self._clock = SystemClock()
        self._cameras = SimCameras(
            loaded.rig, tuple(configs), sim_state_path(), self._clock, loaded.path
        )
        self._cameras.connect()
        host.node.get_logger().info(f"rendering with {self._cameras.backend}")
        self._period_ns = {name: round(NS_PER_S / config.fps) for name, config in configs.items()}
        self._topics = [CameraTopics(host.node, name, config) for name, config in configs.items()]
        delay_s = 0.0 if loaded.rig.sim is None else loaded.rig.sim.planted.camera_delay_s
        self._delay_ns = round(delay_s * NS_PER_S)
        self._geometry = [
            SimulatedGeometry(host.node, calibrated, name)
            for name in configs
            if applies_to_cameras(loaded.rig)
        ]
        for geometry in self._geometry:
            geometry.publish(self._cameras.intrinsics(geometry.camera))
        self._published: dict[str, RgbdSample] = {}
        self._faults: Mapping[str, CameraFaults] = {}
        self._applied = found
        watch_faults(host, CameraFaults, configs, self._take_faults)
        self._skipped = 0
        self._problem = ""
        self._diagnostics = DiagnosticsPublisher(host, self._rows)

    def run(self) -> None:
        """Take each camera's image when it is due, the cameras staggered over the period."""
        now_ns = self._clock.monotonic_ns()
        due_ns = {
            camera.name: now_ns + index * self._period_ns[camera.name] // len(self._topics)
            for index, camera in enumerate(self._topics)
        }
        while not self._host.stop.is_set:
            camera = min(self._topics, key=lambda c: due_ns[c.name])
            period_ns = self._period_ns[camera.name]
            self._clock.sleep_until_ns(due_ns[camera.name])
            self._publish(camera)
            due_ns[camera.name] += period_ns
            behind = (self._clock.monotonic_ns() - due_ns[camera.name]) // period_ns
            if behind > 1:
                self._skipped += behind
                due_ns[camera.name] += behind * period_ns

    def _publish(self, camera: CameraTopics) -> None:
        """Publish one image; while the physics is away publish nothing and say so once."""
        try:
            sample = self._cameras.read(camera.name)
            sample = replace(sample, stamp_ns=sample.stamp_ns + self._delay_ns)
            if (faults := self._faults.get(camera.name)) is not None:
                sample = faulty_image(sample, faults, self._published.get(camera.name))
                self._published[camera.name] = sample
            camera.publish(sample)
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
        rows: list[Row] = [("camera: images", level, self._problem or "rendering", values)]
        for name, config in self._configs.items():
            faults = self._faults.get(name)
            serial = (faults and faults.serial) or config.serial
            rows.append((f"camera: camera {name}", "ok", "simulated", {"serial": serial}))
        return rows

    def _take_faults(self, faults: Mapping[str, CameraFaults]) -> None:
        self._faults = faults
        self._published = {}
        for camera in self._topics:
            now = faults.get(camera.name, CameraFaults())
            self._cameras.displace(camera.name, now.moved_m, now.turned_rad)
            fps = now.fps or self._configs[camera.name].fps
            self._period_ns[camera.name] = round(NS_PER_S / fps)
            intrinsics = faulty_intrinsics(self._cameras.intrinsics(camera.name), now)
            applied = applied_intrinsics(self._rig, camera.name, self._applied)
            camera.calibrated(intrinsics, None if now.focal_factor != 1.0 else applied)

    def close(self) -> None:
        """Release the renderer."""
        for camera in self._topics:
            camera.close()
        self._cameras.close()
