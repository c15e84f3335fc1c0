"""The rig file of the rig under test: the simulated tabletop with a board and a measured scene."""

import shutil
import time
from pathlib import Path
from typing import Any

import yaml

from teleop_collect import __version__
from teleop_collect.devices.sim.scene_cameras import intrinsics_of
from teleop_collect.provenance.manifest import iso_utc
from teleop_collect.rig.calibration.devices import camera_device
from teleop_collect.rig.calibration.records import Calibration
from teleop_collect.rig.calibration.store import StoredCalibration, write_calibration
from teleop_collect.rig.calibration.values import CameraIntrinsics
from teleop_collect.rig.description import resolve_urdf
from teleop_collect.rig.load import LoadedRig, load_rig

NAME = "rig_under_test"
CAMERA = "scene"
URDF = "robot.urdf"
BOARD = {"columns": 5, "rows": 4, "square_m": 0.09, "marker_m": 0.07}
DAY_S = 86_400.0


def write_rig(folder: Path, **edits: Any) -> LoadedRig:
    """Write the rig file and its URDF.

    Args:
        folder: for both.
        edits: `servos`: sections of leader servos that replace the true ones.
    """
    shipped = load_rig("sim_tabletop")
    data: dict[str, Any] = yaml.safe_load(shipped.text)
    arm = data["arms"]["main"]
    if not (folder / URDF).exists():
        shutil.copy(resolve_urdf(arm["urdf"], shipped.path), folder / URDF)
    data |= {"name": NAME, "check": {"observe_s": 1.3}}
    arm["urdf"] = URDF
    arm["limits"]["elbow"] = _urdf_limits(folder / URDF, "elbow")
    arm["leader"]["servos"] |= edits.get("servos", {})
    data["calibration"] = {"apply": [], "boards": {"table": BOARD}}
    stand = {"parent": "world", "xyz_m": [0.52, 0.02, 0.004]}
    data["sim"] |= {
        "randomize": False,
        "boards": {"table": {**stand, "rpy_rad": [3.141592654, 0.0, -1.570796327]}},
        "cube": {"xyz_m": [0.1, 0.55, 0.02]},
        "bin": {"xyz_m": [0.1, -0.55, 0.0]},
    }
    path = folder / f"{NAME}{'_' + '_'.join(edits['servos']) if edits.get('servos') else ''}.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return load_rig(str(path))


def narrow_urdf(folder: Path) -> str:
    """Narrow the elbow's range in the URDF below the rig file's; returns the text before."""
    path = folder / URDF
    before = path.read_text()
    upper = _urdf_limits(path, "elbow")["upper"]
    assert before.count(f'upper="{upper:g}"') > 0
    path.write_text(before.replace(f'upper="{upper:g}"', f'upper="{upper - 0.3:g}"'))
    return before


def calibrate_camera(loaded: LoadedRig, age_s: float = 0.0, serial: str = "") -> StoredCalibration:
    """Write a calibration file with the camera's true intrinsics."""
    camera = loaded.rig.cameras[CAMERA]
    true = intrinsics_of(camera)  # type: ignore[arg-type]
    made_ns = time.time_ns() - round(age_s * 1e9)
    device = camera_device(CAMERA)
    return write_calibration(
        loaded,
        Calibration(
            rig=loaded.rig.name,
            device=device,
            serials={device: serial or camera.serial},
            version=1,
            made=iso_utc(made_ns),
            made_ns=made_ns,
            operator="op-bench",
            software_version=__version__,
            method="true values of the simulation",
            samples=1,
            residuals={},
            uncertainty={},
            values=CameraIntrinsics(
                width=true.width,
                height=true.height,
                fx=true.fx,
                fy=true.fy,
                cx=true.cx,
                cy=true.cy,
            ),
        ),
    )


def _urdf_limits(path: Path, joint: str) -> dict[str, float]:
    from teleop_collect.rig.description import RobotDescription

    found = RobotDescription.from_urdf(path).joints[joint]
    return {"lower": found.lower, "upper": found.upper}
