"""How near calibrations come to the truth on the simulated rig, whose devices are planted wrong.

    python bench/calibration.py [--all]

Runs `teleop-collect calibrate ... --rig sim_calibration --auto` one after another, as a person
would: leader, follower, camera, hand-eye, wrench, latency; with rendered images and the arm moved
through the chain of limits. `--all` calibrates the camera beside the arm too. What is planted, and
where cameras and boards truly are, stands in the rig file.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from report import Report

from teleop_collect.cli.domain import claim_free_domain
from teleop_collect.devices.sim.scene_cameras import intrinsics_of
from teleop_collect.rig.calibration.rigid import distance, from_mount, from_rigid
from teleop_collect.rig.calibration.store import FOLDER_VARIABLE
from teleop_collect.rig.calibration.values import RigidTransform
from teleop_collect.rig.config import Rig, SimCamera
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.runtime import RUNTIME_VARIABLE

RIG = "sim_calibration"
TOOL_MASS_KG = 0.55
"""Of the demonstration arm's URDF: ft_frame, gripper_link and both fingers."""
TIMEOUT_S = 600.0


def calibrate(*arguments: str) -> tuple[dict[str, Any], float]:
    """Values of one calibration, and how long it took."""
    command = [sys.executable, "-m", "teleop_collect.cli.main", "calibrate", *arguments]
    began = time.monotonic()
    done = subprocess.run(
        [*command, "--rig", RIG, "--auto", "--json"],
        capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise SystemExit(f"calibrate {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    values: dict[str, Any] = json.loads(done.stdout)["calibration"]["values"]
    return values, time.monotonic() - began


def joints(report: Report, rig: Rig, side: str, planted: dict[str, float]) -> None:
    """Homing offsets of one arm."""
    values, took_s = calibrate(side)
    stated = rig.arms["main"].leader.servos if side == "leader" else {}
    off = {}
    for joint, found in values["joints"].items():
        zero = stated[joint].zero_rad if joint in stated else 0.0
        off[joint] = abs(found["zero_rad"] - zero - planted.get(joint, 0.0))
    worst = math.degrees(max(off.values()))
    report.row(f"{side} zeros", worst_deg=worst, joints=len(off), took_s=took_s)
    report.at_most(f"{side}_offset_deg", worst, 0.2)


def camera(report: Report, rig: Rig, name: str) -> None:
    """Intrinsics of one camera."""
    values, took_s = calibrate("camera", "--camera", name)
    config = rig.cameras[name]
    assert isinstance(config, SimCamera)
    true = intrinsics_of(config)
    off = {k: 100 * abs(values[k] / getattr(true, k) - 1) for k in ("fx", "fy", "cx", "cy")}
    figures = {f"{k}_percent": v for k, v in off.items()}
    report.row(f"intrinsics of {name}", took_s=took_s, **figures)
    report.at_most(f"intrinsics_{name}_percent", max(off.values()), 0.5)


def hand_eye(report: Report, rig: Rig, name: str) -> None:
    """Mount of one camera."""
    values, took_s = calibrate("hand-eye", "--camera", name)
    found = from_rigid(RigidTransform.model_validate(values["parent_from_camera"]))
    moved_m, turned_rad = distance(found, from_mount(rig.cameras[name].mount))
    report.row(
        f"hand-eye of {name}", off_mm=1e3 * moved_m, off_deg=math.degrees(turned_rad), took_s=took_s
    )
    report.at_most(f"hand_eye_{name}_mm", 1e3 * moved_m, 2.0)
    report.at_most(f"hand_eye_{name}_deg", math.degrees(turned_rad), 0.3)


def wrench(report: Report, rig: Rig) -> None:
    """Bias and tool."""
    values, took_s = calibrate("wrench")
    assert rig.sim is not None
    planted = rig.sim.planted.wrench_bias_n
    bias_n = max(abs(a - b) for a, b in zip(values["bias_force_n"], planted, strict=True))
    mass_percent = 100 * abs(values["tool_mass_kg"] / TOOL_MASS_KG - 1)
    report.row("wrench", mass_percent=mass_percent, bias_off_n=bias_n, took_s=took_s)
    report.at_most("wrench_mass_percent", mass_percent, 2.0)


def latency(report: Report, rig: Rig) -> None:
    """Delay of a camera, planted; lag of joints, whose truth nobody stated."""
    values, took_s = calibrate("latency", "--camera", "wrist")
    assert rig.sim is not None
    off_ms = 1e3 * abs(values["camera_s"] - rig.sim.planted.camera_delay_s)
    report.row("latency of wrist", off_ms=off_ms, took_s=took_s)
    report.at_most("latency_camera_ms", off_ms, 3.0)
    values, took_s = calibrate("latency")
    lags = values["action_to_state_s"].values()
    report.row("lag of joints", least_ms=1e3 * min(lags), most_ms=1e3 * max(lags), took_s=took_s)


def main() -> int:
    """Calibrate everything and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="the camera beside the arm as well")
    arguments = parser.parse_args()
    rig = load_rig(RIG).rig
    assert rig.sim is not None
    report = Report("calibration")
    domain, lock = claim_free_domain()
    lock.close()
    with tempfile.TemporaryDirectory(prefix="calibration-") as folder:
        os.environ |= {
            "ROS_DOMAIN_ID": str(domain),
            FOLDER_VARIABLE: str(Path(folder) / "files"),
            RUNTIME_VARIABLE: str(Path(folder) / "run"),
        }
        joints(report, rig, "leader", rig.sim.planted.leader_zero_rad)
        joints(report, rig, "follower", rig.sim.planted.follower_zero_rad)
        for name in ("wrist", "scene") if arguments.all else ("wrist",):
            camera(report, rig, name)
            hand_eye(report, rig, name)
        wrench(report, rig)
        latency(report, rig)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
