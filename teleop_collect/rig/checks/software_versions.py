"""Check (information only): versions that the episodes of this rig will name."""

import os
import platform

from teleop_collect import __version__
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, good


class SoftwareVersions:
    """Always passes."""

    name = "software_versions"
    severity: Severity = "info"

    def run(self, context: CheckContext) -> CheckResult:
        """List package, Python, ROS distribution and middleware."""
        distro = os.environ.get("ROS_DISTRO", "unknown")
        rmw = os.environ.get("RMW_IMPLEMENTATION", "unknown")
        versions = f"teleop_collect {__version__}, Python {platform.python_version()}"
        message = f"{versions}, ROS {distro}, {rmw}, {platform.system()} {platform.release()}"
        return good(self, message, __version__)
