"""Puts current calibrations into the rig that drivers are made from."""

import math

from teleop_collect.rig.calibration.devices import camera_device, device_name
from teleop_collect.rig.calibration.records import Kind
from teleop_collect.rig.calibration.store import Calibrations
from teleop_collect.rig.calibration.values import (
    CameraIntrinsics,
    HandEye,
    JointZeros,
    RigidTransform,
    WrenchLoad,
)
from teleop_collect.rig.config import (
    Arm,
    Camera,
    DynamixelFollower,
    DynamixelLeader,
    Follower,
    Leader,
    Mount,
    Rig,
)
from teleop_collect.rig.servo_config import Servo


def calibrated(rig: Rig, calibrations: Calibrations) -> Rig:
    """The rig with the zeros, directions and mounts of its current calibration files.

    Only kinds in `calibration.apply` of the rig file are used. For drivers: recorders and checks
    identify a rig by its file.
    """
    arms = {name: _arm(rig, name, arm, calibrations) for name, arm in rig.arms.items()}
    cameras = {name: _camera(rig, name, c, calibrations) for name, c in rig.cameras.items()}
    return rig.model_copy(update={"arms": arms, "cameras": cameras})


def applied_zeros(rig: Rig, arm: str, kind: Kind, calibrations: Calibrations) -> JointZeros | None:
    """Zeros of an arm's leader or follower that count; None where the rig file's do."""
    if kind not in rig.calibration.apply:
        return None
    found = calibrations.get(kind, device_name(rig, arm, kind))
    return found.values if found and isinstance(found.values, JointZeros) else None


def applied_intrinsics(
    rig: Rig, camera: str, calibrations: Calibrations
) -> CameraIntrinsics | None:
    """Intrinsics that a camera publishes; None where the driver's own count."""
    if "camera" not in rig.calibration.apply:
        return None
    found = calibrations.get("camera", camera_device(camera))
    return found.values if found and isinstance(found.values, CameraIntrinsics) else None


def applies_to_cameras(rig: Rig) -> bool:
    """Whether calibration files decide what is published of cameras."""
    return not {"camera", "hand_eye"}.isdisjoint(rig.calibration.apply)


def applied_load(rig: Rig, arm: str, calibrations: Calibrations) -> WrenchLoad | None:
    """Bias and tool weight to take out of an arm's wrench; None to leave it as measured."""
    if "wrench" not in rig.calibration.apply:
        return None
    found = calibrations.get("wrench", device_name(rig, arm, "wrench"))
    return found.values if found and isinstance(found.values, WrenchLoad) else None


def mount_of(parent: str, transform: RigidTransform) -> Mount:
    """A transform as the rig file writes a mount: roll, pitch, yaw about fixed axes."""
    x, y, z, w = transform.quat_xyzw
    roll = math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
    pitch = math.asin(max(-1.0, min(1.0, 2 * (w * y - z * x))))
    yaw = math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    return Mount(parent=parent, xyz_m=transform.position_m, rpy_rad=(roll, pitch, yaw))


def _arm(rig: Rig, name: str, arm: Arm, calibrations: Calibrations) -> Arm:
    leader = _with_zeros(arm.leader, applied_zeros(rig, name, "leader", calibrations))
    follower = _with_zeros(arm.follower, applied_zeros(rig, name, "follower", calibrations))
    return arm.model_copy(update={"leader": leader, "follower": follower})


def _with_zeros(device: Leader | Follower, zeros: JointZeros | None) -> Leader | Follower:
    if zeros is None or not isinstance(device, DynamixelLeader | DynamixelFollower):
        return device
    servos = {joint: _servo(servo, zeros, joint) for joint, servo in device.servos.items()}
    return device.model_copy(update={"servos": servos})


def _servo(servo: Servo, zeros: JointZeros, joint: str) -> Servo:
    if (zero := zeros.joints.get(joint)) is None:
        return servo
    return servo.model_copy(update={"zero_rad": zero.zero_rad, "sign": zero.sign})


def _camera(rig: Rig, name: str, camera: Camera, calibrations: Calibrations) -> Camera:
    if "hand_eye" not in rig.calibration.apply:
        return camera
    found = calibrations.get("hand_eye", camera_device(name))
    if found is None or not isinstance(found.values, HandEye):
        return camera
    mount = mount_of(found.values.parent, found.values.parent_from_camera)
    return camera.model_copy(update={"mount": mount})
