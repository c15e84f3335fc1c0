"""Runs the rig check: every check once, or those that are quick."""

from collections.abc import Collection

from teleop_collect.rig.checks.adapter_latency import AdapterLatency
from teleop_collect.rig.checks.calibration_age import CalibrationAge
from teleop_collect.rig.checks.calibration_files import CalibrationFiles
from teleop_collect.rig.checks.camera_calibration import CameraCalibration
from teleop_collect.rig.checks.camera_exposure import CameraExposure
from teleop_collect.rig.checks.camera_extrinsics import CameraExtrinsics
from teleop_collect.rig.checks.camera_frozen import CameraFrozen
from teleop_collect.rig.checks.camera_intrinsics import CameraIntrinsics
from teleop_collect.rig.checks.camera_profile import CameraProfile
from teleop_collect.rig.checks.camera_sharpness import CameraSharpness
from teleop_collect.rig.checks.camera_usb import CameraUsb
from teleop_collect.rig.checks.clock_age import ClockAge
from teleop_collect.rig.checks.clock_drift import ClockDrift
from teleop_collect.rig.checks.clock_offset import ClockOffset
from teleop_collect.rig.checks.clock_sync import ClockSync
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.control_rate import ControlRate
from teleop_collect.rig.checks.depth_alignment import DepthAlignment
from teleop_collect.rig.checks.depth_fill import DepthFill
from teleop_collect.rig.checks.depth_noise import DepthNoise
from teleop_collect.rig.checks.depth_scale import DepthScale
from teleop_collect.rig.checks.device_serials import DeviceSerials
from teleop_collect.rig.checks.disk_space import DiskSpace
from teleop_collect.rig.checks.drivers_healthy import DriversHealthy
from teleop_collect.rig.checks.encoder_noise import EncoderNoise
from teleop_collect.rig.checks.follower_lag import FollowerLag
from teleop_collect.rig.checks.follower_order import FollowerOrder
from teleop_collect.rig.checks.follower_stuck import FollowerStuck
from teleop_collect.rig.checks.follower_tracking import FollowerTracking
from teleop_collect.rig.checks.gripper_range import GripperRange
from teleop_collect.rig.checks.joints_present import JointsPresent
from teleop_collect.rig.checks.joints_within_limits import JointsWithinLimits
from teleop_collect.rig.checks.leader_follower_offset import LeaderFollowerOffset
from teleop_collect.rig.checks.leader_follower_poses import LeaderFollowerPoses
from teleop_collect.rig.checks.limits_within_urdf import LimitsWithinUrdf
from teleop_collect.rig.checks.motion_gate import MOTION
from teleop_collect.rig.checks.result import Check, CheckResult, bad
from teleop_collect.rig.checks.servo_errors import ServoErrors
from teleop_collect.rig.checks.servo_limits import ServoLimits
from teleop_collect.rig.checks.servo_power import ServoPower
from teleop_collect.rig.checks.servo_settings import ServoSettings
from teleop_collect.rig.checks.shared_memory import SharedMemory
from teleop_collect.rig.checks.socket_buffers import SocketBuffers
from teleop_collect.rig.checks.software_versions import SoftwareVersions
from teleop_collect.rig.checks.stream_rates import StreamRates
from teleop_collect.rig.checks.topic_qos import TopicQos
from teleop_collect.rig.checks.topic_types import TopicTypes
from teleop_collect.rig.checks.urdf_matches import UrdfMatches
from teleop_collect.rig.checks.wrench_alive import WrenchAlive
from teleop_collect.rig.checks.wrench_bias import WrenchBias
from teleop_collect.rig.checks.wrench_gravity import WrenchGravity
from teleop_collect.rig.checks.wrench_noise import WrenchNoise
from teleop_collect.rig.checks.write_speed import WriteSpeed

CHECKS: tuple[Check, ...] = (
    UrdfMatches(),
    LimitsWithinUrdf(),
    ServoLimits(),
    TopicTypes(),
    TopicQos(),
    StreamRates(),
    JointsPresent(),
    JointsWithinLimits(),
    LeaderFollowerOffset(),
    LeaderFollowerPoses(),
    EncoderNoise(),
    FollowerStuck(),
    FollowerOrder(),
    FollowerTracking(),
    FollowerLag(),
    GripperRange(),
    ControlRate(),
    DriversHealthy(),
    ServoErrors(),
    ServoPower(),
    ServoSettings(),
    AdapterLatency(),
    DeviceSerials(),
    WrenchAlive(),
    WrenchBias(),
    WrenchNoise(),
    WrenchGravity(),
    CameraUsb(),
    CameraProfile(),
    CameraIntrinsics(),
    CameraCalibration(),
    CameraExtrinsics(),
    CameraExposure(),
    CameraSharpness(),
    CameraFrozen(),
    DepthScale(),
    DepthFill(),
    DepthNoise(),
    DepthAlignment(),
    ClockAge(),
    ClockDrift(),
    ClockOffset(),
    ClockSync(),
    CalibrationFiles(),
    CalibrationAge(),
    DiskSpace(),
    WriteSpeed(),
    SharedMemory(),
    SocketBuffers(),
    SoftwareVersions(),
)

LONG = MOTION | {
    "control_rate",
    "write_speed",
    "camera_extrinsics",
    "depth_scale",
    "depth_noise",
    "depth_alignment",
}
"""Left out of the quick check; what the whole check said of them stands."""
NAMES = tuple(check.name for check in CHECKS)
QUICK = tuple(name for name in NAMES if name not in LONG)


def run_checks(context: CheckContext, only: Collection[str] = NAMES) -> tuple[CheckResult, ...]:
    """Judge a rig.

    Args:
        context: the rig as loaded and observed.
        only: names of the checks to run.

    Returns:
        One result for each of them, in a fixed order.
    """
    return tuple(_run(check, context) for check in CHECKS if check.name in only)


def _run(check: Check, context: CheckContext) -> CheckResult:
    """One check; what a driver may send must not end the others."""
    try:
        return check.run(context)
    except Exception as error:
        todo = "look at what the drivers publish; report this message as a defect if it is right"
        return bad(check, f"cannot judge this: {error!r}", todo, "unknown")
