"""Which software is running: stands in every manifest."""

import os
import platform
import subprocess
from pathlib import Path

from rclpy.utilities import get_rmw_implementation_identifier

import teleop_collect


def software_versions() -> dict[str, str]:
    """Version, commit ("unknown" outside a checkout), ROS distribution and middleware."""
    return {
        "version": teleop_collect.__version__,
        "commit": _commit(),
        "ros_distro": os.environ.get("ROS_DISTRO") or _distro_of_wheels(),
        "rmw": get_rmw_implementation_identifier(),
        "python": platform.python_version(),
    }


def _commit() -> str:
    """HEAD of the checkout that this code belongs to.

    An installed copy belongs to none, even where it lies inside some other repository.
    """
    code = Path(teleop_collect.__file__).resolve()
    git = ["git", "-C", str(code.parent)]
    try:
        _output([*git, "ls-files", "--error-unmatch", code.name])
        return _output([*git, "rev-parse", "HEAD"])
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _distro_of_wheels() -> str:
    """The distribution that rclpy's own version belongs to (Jazzy 7.x, Kilted 9.x)."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        major = version("rclpy").split(".")[0]
    except PackageNotFoundError:
        return "unknown"
    return {"7": "jazzy", "9": "kilted"}.get(major, "unknown")
