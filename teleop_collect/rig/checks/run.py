"""Runs the rig check: every check once, one report."""

from teleop_collect.clock import Clock
from teleop_collect.rig.checks.adapter_latency import AdapterLatency
from teleop_collect.rig.checks.camera_intrinsics import CameraIntrinsics
from teleop_collect.rig.checks.clock_age import ClockAge
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.disk_space import DiskSpace
from teleop_collect.rig.checks.drivers_healthy import DriversHealthy
from teleop_collect.rig.checks.joints_present import JointsPresent
from teleop_collect.rig.checks.joints_within_limits import JointsWithinLimits
from teleop_collect.rig.checks.leader_follower_offset import LeaderFollowerOffset
from teleop_collect.rig.checks.limits_within_urdf import LimitsWithinUrdf
from teleop_collect.rig.checks.report import RigCheckReport
from teleop_collect.rig.checks.result import Check
from teleop_collect.rig.checks.shared_memory import SharedMemory
from teleop_collect.rig.checks.software_versions import SoftwareVersions
from teleop_collect.rig.checks.stream_rates import StreamRates
from teleop_collect.rig.checks.topic_qos import TopicQos
from teleop_collect.rig.checks.topic_types import TopicTypes
from teleop_collect.rig.checks.urdf_matches import UrdfMatches
from teleop_collect.rig.checks.wrench_alive import WrenchAlive
from teleop_collect.rig.checks.wrench_bias import WrenchBias
from teleop_collect.rig.checks.write_speed import WriteSpeed

CHECKS: tuple[Check, ...] = (
    UrdfMatches(),
    LimitsWithinUrdf(),
    TopicTypes(),
    TopicQos(),
    StreamRates(),
    JointsPresent(),
    JointsWithinLimits(),
    LeaderFollowerOffset(),
    WrenchAlive(),
    WrenchBias(),
    CameraIntrinsics(),
    ClockAge(),
    DiskSpace(),
    WriteSpeed(),
    SharedMemory(),
    SoftwareVersions(),
    DriversHealthy(),
    AdapterLatency(),
)


def run_checks(context: CheckContext, clock: Clock) -> RigCheckReport:
    """Judge a rig.

    Args:
        context: the rig as loaded and observed.
        clock: stamps the report.
    """
    results = tuple(check.run(context) for check in CHECKS)
    return RigCheckReport.of(context.loaded, clock.utc_ns(), results)
