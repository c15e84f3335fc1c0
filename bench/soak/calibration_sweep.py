"""Calibrations of many random rigs with known truth, from rendered images and simulated motion.

    python bench/soak/calibration_sweep.py [--rigs 40]

Each rig has a lens with distortion, a camera on the hand and one beside the arm, a biased sensor
with a tool, servos that sit wrong, and delays, all drawn at random. Images are rendered with sensor
noise and the board is found in them; nothing is moved in real time, so no ROS is needed.
"""

import argparse
import math
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "test"))

from report import Report
from support.board_views import BOARD, good_poses, looking_at_board, picture

from teleop_collect.rig.calibration.arm_model import GRAVITY_M_S2
from teleop_collect.rig.calibration.board_pose import CameraModel
from teleop_collect.rig.calibration.camera import calibrate_camera
from teleop_collect.rig.calibration.charuco import BoardDetector
from teleop_collect.rig.calibration.hand_eye import ArmView, calibrate_hand_eye
from teleop_collect.rig.calibration.joint_zeros import Posture, calibrate_zeros, servo_angle
from teleop_collect.rig.calibration.latency import Signal, find_lag
from teleop_collect.rig.calibration.rigid import distance, from_vector, inverse
from teleop_collect.rig.calibration.values import CameraIntrinsics, WrenchLoad
from teleop_collect.rig.calibration.views import ViewCollection
from teleop_collect.rig.calibration.wrench import WrenchPose, calibrate_wrench, expected_wrench
from teleop_collect.rig.servo_config import Servo

GOALS = {
    "intrinsics_percent": 0.5,
    "hand_eye_mm": 2.0,
    "hand_eye_deg": 0.3,
    "wrench_mass_percent": 2.0,
    "latency_ms": 3.0,
    "joint_offset_deg": 0.2,
}
Offs = dict[str, list[float]]
TICK_RAD = 2 * math.pi / 4096


def intrinsics(rng: np.random.Generator, offs: Offs) -> CameraIntrinsics:
    """One camera; returns what was found, for hand-eye."""
    focal = rng.uniform(400, 480)
    truth = CameraIntrinsics(
        width=480, height=360, fx=focal, fy=focal * rng.uniform(0.99, 1.01),
        cx=239.5 + rng.uniform(-6, 6), cy=179.5 + rng.uniform(-6, 6),
        distortion=(rng.uniform(-0.2, 0.1), rng.uniform(-0.05, 0.1), 0.0, 0.0, 0.0),
    )  # fmt: skip
    views = ViewCollection(BoardDetector(BOARD), needs_still=False)
    for pose in good_poses():
        views.offer(picture(pose, truth))
    found = calibrate_camera(views.views, *views.size).values
    offs["intrinsics_percent"] += [
        100 * abs(getattr(found, k) / getattr(truth, k) - 1) for k in ("fx", "fy", "cx", "cy")
    ]
    return truth


def hand_eye(rng: np.random.Generator, offs: Offs, truth: CameraIntrinsics) -> None:
    """One camera on the hand and one beside the arm."""
    on_link = from_vector(np.array([*rng.uniform(-2, 2, 3), *rng.uniform(-0.1, 0.1, 3)]))
    far = from_vector(np.array([*rng.uniform(-2, 2, 3), *rng.uniform(-1, 1, 3)]))
    detector, camera = BoardDetector(BOARD), CameraModel.of(truth)
    seen = []
    for turns in rng.uniform(-0.6, 0.6, (14, 3)):
        pose = looking_at_board(*rng.uniform(-0.06, 0.06, 2), rng.uniform(0.4, 0.55), *turns)
        view = detector.detect(picture(pose, truth))
        if view is not None:
            seen.append((pose, view))
    for mode in ("eye_in_hand", "eye_to_hand"):
        in_hand = mode == "eye_in_hand"
        views = [
            ArmView(far @ (inverse(p) if in_hand else p) @ inverse(on_link), view)
            for p, view in seen
        ]
        fit = calibrate_hand_eye(views, camera, mode)
        moved_m, turned_rad = distance(fit.parent_from_camera, on_link if in_hand else far)
        offs["hand_eye_mm"].append(1e3 * moved_m)
        offs["hand_eye_deg"].append(math.degrees(turned_rad))


def wrench(rng: np.random.Generator, offs: Offs) -> None:
    """One sensor and tool, in ten attitudes."""
    mass = rng.uniform(0.3, 2.0)
    load = WrenchLoad(
        frame_id="ft", bias_force_n=tuple(rng.uniform(-5, 5, 3)),
        bias_torque_nm=tuple(rng.uniform(-0.3, 0.3, 3)), tool_mass_kg=mass,
        tool_center_m=tuple(rng.uniform(-0.05, 0.05, 3)),
    )  # fmt: skip
    poses = []
    for vector in rng.normal(size=(10, 3)):
        gravity = GRAVITY_M_S2 * vector / np.linalg.norm(vector)
        force, torque = expected_wrench(gravity, load)
        noise = rng.normal(0, 0.01, 6)
        poses.append(WrenchPose(gravity, force + noise[:3], torque + noise[3:] / 20, 0.05))
    found = calibrate_wrench(poses, "ft").values.tool_mass_kg
    offs["wrench_mass_percent"].append(100 * abs(found / mass - 1))


def latency(rng: np.random.Generator, offs: Offs) -> None:
    """One delay, sampled as a camera samples."""
    true_s, phase = rng.uniform(-0.02, 0.15), rng.uniform(0, 6)

    def motion(t_s: np.ndarray) -> np.ndarray:
        swing: np.ndarray = np.sin(2 * np.pi * (0.4 + 0.03 * t_s) * t_s + phase)
        return swing

    joint_s = np.arange(0, 10, 1 / 200)
    image_s = np.sort(np.arange(0, 10, 1 / 30) + rng.normal(0, 0.002, 300))
    seen = 80 * motion(image_s - true_s) + rng.normal(0, 0.3, 300)
    lag = find_lag(Signal(joint_s, motion(joint_s)), Signal(image_s, seen), "camera")
    offs["latency_ms"].append(1e3 * abs(lag.lag_s - true_s))


def zeros(rng: np.random.Generator, offs: Offs) -> None:
    """Six servos, read in whole ticks."""
    stated = {f"j{i}": Servo(id=i, model="XL330-M288") for i in range(6)}
    true = {
        joint: servo.model_copy(
            update={"zero_rad": rng.uniform(-1, 1), "sign": int(rng.choice([-1, 1]))}
        )
        for joint, servo in stated.items()
    }
    held = []
    for low, high in ((-0.5, 0.0), (0.4, 0.9)):
        joints = {joint: float(rng.uniform(low, high)) for joint in stated}
        angles = {
            j: round(servo_angle(true[j], q) / TICK_RAD) * TICK_RAD for j, q in joints.items()
        }
        held.append(Posture(joints, angles, dict.fromkeys(joints, 0.0)))
    found = calibrate_zeros("leader", stated, *held).values.joints
    for joint, servo in true.items():
        assert found[joint].sign == servo.sign
        offs["joint_offset_deg"].append(math.degrees(abs(found[joint].zero_rad - servo.zero_rad)))


def main() -> int:
    """Draw rigs, calibrate them, report the worst."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rigs", type=int, default=40)
    rigs = parser.parse_args().rigs
    offs: Offs = {name: [] for name in GOALS}
    for seed in range(rigs):
        rng = np.random.default_rng(seed)
        truth = intrinsics(rng, offs)
        hand_eye(rng, offs, truth)
        wrench(rng, offs)
        latency(rng, offs)
        zeros(rng, offs)
    report = Report("soak_calibration_sweep")
    for name, values in offs.items():
        p50, p95 = (float(v) for v in np.percentile(values, (50, 95)))
        report.row(name, p50=p50, p95=p95, worst=max(values), count=len(values))
        report.at_most(name, max(values), GOALS[name])
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
