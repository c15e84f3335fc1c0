"""Where the processes of one rig meet on this machine: emulated ports, control sockets, sim state.

The folder belongs to one user and one ROS domain, so two rigs beside each other do not mix.
"""

import os
import re
import stat
import tempfile
from pathlib import Path

from teleop_collect.errors import ConfigError

RUNTIME_VARIABLE = "TELEOP_COLLECT_RUNTIME"
SIM_SCHEME = "sim://"
MAX_SOCKET_PATH_BYTES = 107
"""`sun_path` of unix(7) holds 108 bytes, the last of which is NUL."""

_SIM_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def runtime_dir() -> Path:
    """The private folder of this user and ROS domain; created (mode 0700) when absent.

    `$TELEOP_COLLECT_RUNTIME`, else `$XDG_RUNTIME_DIR/teleop_collect-<domain>`, else
    `<temporary folder>/teleop_collect-<uid>-<domain>`.

    Raises:
        ConfigError: it is a symlink, belongs to somebody else or others may write to it.
    """
    path = _configured_dir()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        info = path.lstat()
    except OSError as error:
        raise ConfigError(f"runtime folder {path} cannot be made: {error.strerror}") from error
    _refuse_unsafe(path, info)
    return path


def _configured_dir() -> Path:
    if configured := os.environ.get(RUNTIME_VARIABLE):
        return Path(configured)
    domain = _domain()
    session = os.environ.get("XDG_RUNTIME_DIR")
    if session and os.access(session, os.W_OK):
        return Path(session) / f"teleop_collect-{domain}"
    return Path(tempfile.gettempdir()) / f"teleop_collect-{os.getuid()}-{domain}"


def _domain() -> int:
    text = os.environ.get("ROS_DOMAIN_ID") or "0"
    if not (text.isascii() and text.isdigit()):
        raise ConfigError(f"ROS_DOMAIN_ID is {text!r}; it must be a whole number, 0 or more")
    return int(text)


def _refuse_unsafe(path: Path, info: os.stat_result) -> None:
    remedy = f"remove it or set {RUNTIME_VARIABLE} to a folder of your own"
    if not stat.S_ISDIR(info.st_mode):
        raise ConfigError(f"runtime folder {path} is a symlink or no folder; {remedy}")
    if info.st_uid != os.getuid():
        raise ConfigError(
            f"runtime folder {path} belongs to user {info.st_uid}, not to you "
            f"({os.getuid()}); {remedy}"
        )
    if info.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigError(
            f"runtime folder {path} may be written by others (mode {info.st_mode & 0o777:03o}); "
            f"run `chmod 700 {path}`, or {remedy}"
        )


def device_path(port: str) -> Path:
    """Path to open for a port of the rig file: `sim://NAME` lies in the runtime folder.

    Raises:
        ConfigError: NAME is no valid name.
    """
    if port.startswith(SIM_SCHEME):
        return runtime_dir() / _sim_name(port)
    return Path(port)


def control_socket(port: str) -> Path:
    """Path of the UNIX socket on which the emulator of port `sim://NAME` takes commands.

    Raises:
        ConfigError: the port is not emulated, or the path is too long for a UNIX socket.
    """
    path = runtime_dir() / f"{_sim_name(port)}.sock"
    length = len(os.fsencode(path))
    if length > MAX_SOCKET_PATH_BYTES:
        raise ConfigError(
            f"control socket {path} has {length} bytes; a UNIX socket's path may have "
            f"{MAX_SOCKET_PATH_BYTES}; set {RUNTIME_VARIABLE} to a shorter folder"
        )
    return path


def sim_state_path() -> Path:
    """File in which the simulated rig shares its state with its cameras."""
    return runtime_dir() / "sim_state"


def _sim_name(port: str) -> str:
    name = port.removeprefix(SIM_SCHEME)
    if not port.startswith(SIM_SCHEME) or not _SIM_NAME.fullmatch(name):
        raise ConfigError(
            f"port {port!r} is not an emulated port; write sim://NAME with NAME of "
            "small letters, digits and _, beginning with a letter"
        )
    return name
