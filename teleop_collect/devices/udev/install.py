"""Where a rules file goes, what makes udev take it, and writing it with the rights one has."""

import os
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from teleop_collect.devices.udev.rules import RULES_NUMBER
from teleop_collect.errors import ConfigError, TeleopCollectError

RULES_DIR = Path("/etc/udev/rules.d")
SUBSYSTEMS = ("usb", "tty", "hidraw", "video4linux")
UDEVADM = (
    ("udevadm", "control", "--reload-rules"),
    ("udevadm", "trigger", *(f"--subsystem-match={name}" for name in SUBSYSTEMS)),
)
UDEVADM_S = 30.0


@dataclass(frozen=True)
class RulesFile:
    """A rules file that is to be installed.

    Attributes:
        path: where it goes.
        text: its content.
    """

    path: Path
    text: str

    @property
    def is_current(self) -> bool:
        """Whether the file already stands there."""
        try:
            return self.path.read_text(encoding="utf-8") == self.text
        except (OSError, UnicodeDecodeError):
            return False


def rules_path(folder: Path, rig_name: str | None) -> Path:
    """One file a rig, so that rigs on one machine do not overwrite each other's."""
    suffix = "" if rig_name is None else f"-{rig_name}"
    return folder / f"{RULES_NUMBER}-teleop_collect{suffix}.rules"


def sudo_command(print_command: list[str], path: Path) -> str:
    """What a person may run to install the rules with root's rights.

    This package's code runs without them: only `tee` and `udevadm` get them.

    Args:
        print_command: the command that prints the rules on stdout.
        path: where they go.
    """
    steps = [f"{shlex.join(print_command)} | sudo tee {shlex.quote(str(path))} >/dev/null"]
    steps += [f"sudo {shlex.join(command)}" for command in UDEVADM]
    return " && ".join(steps)


def write_rules(file: RulesFile, instead: str) -> None:
    """Put the file in place, whole or not at all.

    Args:
        file: what to write.
        instead: the command to show to a person whose rights do not suffice.

    Raises:
        ConfigError: this process may not write there, or the folder does not exist.
    """
    try:
        _replace(file)
    except PermissionError as error:
        raise ConfigError(
            f"{file.path} may be written by root alone; nothing was changed. Run:\n  {instead}"
        ) from error
    except OSError as error:
        raise ConfigError(
            f"{file.path} cannot be written: {error.strerror}; is udev installed on this machine?"
        ) from error


def reload_udev() -> None:
    """Make udev read its rules again and apply them to what is attached.

    Raises:
        TeleopCollectError: udevadm is missing or fails; the rules are in place all the same.
    """
    for command in UDEVADM:
        if shutil.which(command[0]) is None:
            raise TeleopCollectError(
                "the rules are written, but udevadm is not installed: they take effect where udev "
                "runs, after a restart or replugging"
            )
        done = subprocess.run(command, capture_output=True, text=True, timeout=UDEVADM_S)
        if done.returncode != 0:
            raise TeleopCollectError(
                f"the rules are written, but `{shlex.join(command)}` failed: "
                f"{done.stderr.strip() or done.returncode}; unplug the devices and plug them in"
            )


def _replace(file: RulesFile) -> None:
    descriptor, name = tempfile.mkstemp(dir=file.path.parent, prefix=".teleop_collect-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(file.text)
            os.fchmod(out.fileno(), 0o644)
            os.fsync(out.fileno())
        os.replace(name, file.path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
