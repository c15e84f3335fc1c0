"""Node `camera`: publishes one real camera, or all simulated ones, under realsense-ros's names."""

from typing import Any

from teleop_collect.errors import ConfigError
from teleop_collect.nodes.calibrated_rig import calibrated_rig
from teleop_collect.nodes.host import Host, Runnable, run_node
from teleop_collect.nodes.real_camera import RealCamera
from teleop_collect.nodes.sim_cameras import SimulatedCameras
from teleop_collect.process import prefer_data
from teleop_collect.rig.config import RealSenseCamera


def build(host: Host) -> Runnable:
    """The camera that the parameter `camera` names; the simulated ones when it is empty."""
    calibrated = calibrated_rig(host)
    loaded = calibrated.loaded
    name = host.parameter("camera", "", "camera of the rig file; all simulated ones when empty")
    if not name:
        return SimulatedCameras(host, calibrated)
    config: Any = loaded.rig.cameras.get(name)
    if not isinstance(config, RealSenseCamera):
        known = [n for n, c in loaded.rig.cameras.items() if isinstance(c, RealSenseCamera)]
        raise ConfigError(
            f"{loaded.path}: no camera {name!r} with driver 'realsense' "
            f"(known: {', '.join(known) or 'none'})"
        )
    return RealCamera(host, name, config, calibrated)


def main() -> int:
    """Entry point."""
    prefer_data()
    return run_node("camera", build)


if __name__ == "__main__":
    raise SystemExit(main())
