"""Every error that this package raises on purpose, and the exit code each one means.

    TeleopCollectError            exit 2
    ├── ConfigError               exit 2   a rig file, task or parameter is wrong
    ├── UnreadableError           exit 2   a file or folder cannot be read as what it should be
    ├── MissingExtraError         exit 2   an optional library is not installed
    ├── MissingSystemLibraryError exit 2   a library of the operating system is not installed
    ├── BusyError                 exit 2   a port, domain or folder is in use by another process
    ├── DeviceError               exit 2   a device cannot be reached or answers wrongly
    │   ├── DeviceTimeout                  no (complete) answer in time
    │   └── DeviceDisconnected             the port or device is gone
    └── CheckFailed               exit 1   what was checked is bad, or a gate refuses

An error's text is one message for a person: what, value, limit, what to do.
"""

import shlex
import sys
from pathlib import Path

EXIT_GOOD = 0
EXIT_BAD = 1
EXIT_USAGE = 2
EXIT_SALVAGED_WITH_LOSS = 3


class TeleopCollectError(Exception):
    """Base of all errors that end in one clear message."""

    exit_code = EXIT_USAGE


class ConfigError(TeleopCollectError):
    """A rig file, a task or a parameter is wrong."""


class UnreadableError(TeleopCollectError):
    """A file or folder cannot be read as what it should be."""


class MissingExtraError(TeleopCollectError):
    """An optional library is needed and not installed.

    Args:
        library: the import name that failed.
        extra: the extra of this package that installs it.
    """

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(f"{library} is not installed; install it with: {install_command(extra)}")


class MissingSystemLibraryError(TeleopCollectError):
    """A library of the operating system is needed and not installed.

    Args:
        library: file that was looked for.
        package: Debian or Ubuntu package that installs it.
    """

    def __init__(self, library: str, package: str) -> None:
        super().__init__(f"{library} is not installed; install it with: sudo apt install {package}")


class BusyError(TeleopCollectError):
    """A port, a ROS domain or a folder is in use by another process."""


class DeviceError(TeleopCollectError):
    """A device cannot be reached or answers wrongly."""


class DeviceTimeout(DeviceError):
    """A device gave no complete answer in time; the next read may succeed."""


class DeviceDisconnected(DeviceError):
    """The device or its port is gone; it must be opened again."""


class CheckFailed(TeleopCollectError):
    """What was checked is bad, or a gate refuses."""

    exit_code = EXIT_BAD


def install_command(extra: str) -> str:
    """How to install an extra of this package into the environment that runs it.

    The package comes from a checkout, not from an index.
    """
    checkout = Path(__file__).resolve().parents[1]
    python = shlex.quote(sys.executable)
    if (checkout / "setup.py").is_file():
        return f"{python} -m pip install -e {shlex.quote(f'{checkout}[{extra}]')}"
    return f"{python} -m pip install '.[{extra}]' (in the folder of this package's source)"
