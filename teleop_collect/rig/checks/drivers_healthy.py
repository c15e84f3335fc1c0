"""Check: no driver of this package reports an error of its device."""

from teleop_collect import topics
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.driver_status import DriverStatus, DriverStatuses
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.config import Rig

DRIVERS = ("leader_arm", "follower_arm", "spacemouse", "camera", "sim_rig")
"""Nodes that drive devices; a camera's node has the camera's name behind this."""


class DriversHealthy:
    """A wrong servo, limit, serial number or permission is named by the driver that met it."""

    name = "drivers_healthy"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Look at the newest status of every driver."""
        told = driver_statuses(context).by_name
        statuses = {name: status for name, status in told.items() if name.startswith(DRIVERS)}
        if not statuses and has_drivers(context.rig):
            todo = "start the rig's drivers"
            return bad(self, "no driver reports on /diagnostics", todo, "unknown", 0, "drivers")
        found = [f"{n}: {status.message}" for n, status in statuses.items() if is_bad(status)]
        if found:
            todo = "do what the driver says"
            return bad(self, "; ".join(sorted(found)), todo, len(found), 0, "drivers")
        return good(self, "no driver reports an error", 0, 0, "drivers")


def is_bad(status: DriverStatus) -> bool:
    """Whether a driver cannot do its work."""
    return status.level == "error"


def has_drivers(rig: Rig) -> bool:
    """Whether this package drives any device of the rig."""
    drivers: set[str] = {camera.driver for camera in rig.cameras.values()}
    for arm in rig.arms.values():
        drivers |= {arm.leader.driver, arm.follower.driver}
    return bool(drivers - {"topic", "ros2_control"})


def driver_statuses(context: CheckContext) -> DriverStatuses:
    """What was heard on /diagnostics."""
    sample = context.observation(topics.DIAGNOSTICS).sample
    return sample if isinstance(sample, DriverStatuses) else DriverStatuses({})
