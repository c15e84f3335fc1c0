"""Where the calibration files of a rig lie, and which of them count.

`<folder>/<rig>/<kind>/<device>/0001.json`, a `/` in the device's name written as `.`. A file is
never overwritten: a new calibration is a file with the next number. The newest one that is whole
and made for the serial numbers of the rig file is current.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from teleop_collect.errors import ConfigError, DeviceError, UnreadableError
from teleop_collect.rig.calibration.devices import serials_of
from teleop_collect.rig.calibration.records import (
    KINDS,
    MAX_FILE_BYTES,
    Calibration,
    Kind,
    parse_calibration,
)
from teleop_collect.rig.calibration.values import CameraIntrinsics, Values, WrenchLoad
from teleop_collect.rig.config import Rig
from teleop_collect.rig.hashes import calibration_sha256, sha256_bytes

FOLDER_VARIABLE = "TELEOP_COLLECT_CALIBRATION"
ATTACHMENT_FOLDER = "calibration/"
"""What the names of calibration files attached to an episode begin with."""
Key = tuple[Kind, str]


class RigFile(Protocol):
    """A rig and the file it came from."""

    @property
    def rig(self) -> Rig:
        """The rig."""
        ...

    @property
    def path(self) -> Path:
        """The rig file."""
        ...


@dataclass(frozen=True)
class StoredCalibration:
    """A calibration and its file.

    Attributes:
        path: the file.
        calibration: its content.
        data: its bytes.
    """

    path: Path
    calibration: Calibration
    data: bytes

    @property
    def name(self) -> str:
        """Name of the attachment in an episode: `calibration/KIND.DEVICE.json`."""
        device = _folder_name(self.calibration.device)
        return f"{ATTACHMENT_FOLDER}{self.calibration.kind}.{device}.json"


@dataclass(frozen=True)
class Calibrations:
    """The current calibrations of a rig.

    Attributes:
        current: the newest valid one by kind and device.
        problems: one message for each file that was refused and is newer than the current one.
    """

    current: Mapping[Key, StoredCalibration]
    problems: tuple[str, ...] = ()

    def get(self, kind: Kind, device: str) -> Calibration | None:
        """The current calibration of a device; None without a valid one."""
        stored = self.current.get((kind, device))
        return None if stored is None else stored.calibration

    @property
    def file_hashes(self) -> dict[str, str]:
        """SHA-256 of each current file's bytes by its name as an attachment."""
        return {stored.name: sha256_bytes(stored.data) for stored in self.current.values()}


def calibration_folder(loaded: RigFile) -> Path:
    """The folder of a rig's calibration files; need not exist.

    `calibration.folder` of the rig file (relative to that file), else
    `$TELEOP_COLLECT_CALIBRATION`, else `$XDG_STATE_HOME/teleop_collect/calibration`, else
    `~/.local/state/teleop_collect/calibration`; in it, a folder named as the rig.
    """
    if configured := loaded.rig.calibration.folder:
        return loaded.path.parent / Path(configured).expanduser() / loaded.rig.name
    if given := os.environ.get(FOLDER_VARIABLE):
        return Path(given).expanduser() / loaded.rig.name
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "teleop_collect" / "calibration" / loaded.rig.name


def load_calibrations(loaded: RigFile) -> Calibrations:
    """Read the current calibration of every device of a rig. Refused files are told, not raised."""
    current: dict[Key, StoredCalibration] = {}
    problems: list[str] = []
    for kind in KINDS:
        for device in serials_of(loaded.rig):
            stored, refused = _newest(loaded, kind, device)
            problems += refused
            if stored is not None:
                current[kind, device] = stored
    return Calibrations(current, tuple(problems))


def read_calibration(path: Path) -> StoredCalibration:
    """Read one file.

    Raises:
        UnreadableError: it cannot be read, is no calibration or was altered.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnreadableError(f"cannot read {path}: {error.strerror}") from None
    return StoredCalibration(path, parse_calibration(data, str(path)), data)


def refuse_foreign(stored: StoredCalibration, rig: Rig, kind: Kind, device: str) -> None:
    """Refuse a calibration that was not made for this device.

    Raises:
        ConfigError: it is of another kind, device or rig, a serial number differs, or it was made
            for images of another size or another frame of the sensor.
    """
    found, serials = stored.calibration, serials_of(rig)
    if (found.rig, found.kind, found.device) != (rig.name, kind, device):
        raise ConfigError(
            f"{stored.path} is the {found.kind} calibration of {found.device} of rig {found.rig}, "
            f"not the {kind} calibration of {device} of {rig.name}; remove it"
        )
    for part, serial in found.serials.items():
        if serials.get(part, "") != serial:
            raise ConfigError(
                f"{stored.path} was made for {part} with serial number '{serial}'; the rig file "
                f"says '{serials.get(part, '')}': calibrate {kind} of {device} again"
            )
    if (changed := _changed(found.values, rig, device)) is not None:
        raise ConfigError(f"{stored.path} {changed}: calibrate {kind} of {device} again")


def history(loaded: RigFile, kind: Kind, device: str) -> tuple[StoredCalibration, ...]:
    """All readable calibrations of a device, of any serial number, oldest first."""
    found = []
    for path in reversed(_files(loaded, kind, device)):
        with contextlib.suppress(UnreadableError):
            found.append(read_calibration(path))
    return tuple(found)


def write_calibration(loaded: RigFile, calibration: Calibration) -> StoredCalibration:
    """Write the next version of a calibration. The file appears whole or not at all.

    Args:
        loaded: the rig.
        calibration: `version` and `sha256` are set here.

    Raises:
        DeviceError: the folder cannot be written.
    """
    folder = _folder(loaded, calibration.kind, calibration.device)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        version = _last_version(folder)
        while True:
            version += 1
            sealed = calibration.model_copy(update={"version": version}).sealed()
            path = folder / f"{version:04d}.json"
            if _create(path, sealed.to_json().encode()):
                return read_calibration(path)
    except OSError as error:
        raise DeviceError(
            f"cannot write the calibration to {folder}: {error.strerror}; set {FOLDER_VARIABLE} "
            "or calibration.folder of the rig file to a folder that can be written"
        ) from None


def rig_calibration_sha256(rig: Rig, file_hashes: Mapping[str, str]) -> str:
    """Hash of all that calibration decides: the rig file's numbers and the current files.

    Args:
        rig: the rig.
        file_hashes: see `Calibrations.file_hashes`; without any, the hash is that of the numbers.
    """
    numbers = calibration_sha256(rig)
    if not file_hashes:
        return numbers
    lines = [numbers, *(f"{name} {sha256}" for name, sha256 in sorted(file_hashes.items()))]
    return sha256_bytes("\n".join(lines).encode())


def _changed(values: Values, rig: Rig, device: str) -> str | None:
    """What the rig file states otherwise than when the values were measured; None if nothing."""
    if isinstance(values, CameraIntrinsics):
        camera = rig.cameras[device.partition("/")[2]]
        if (values.width, values.height) != (camera.width, camera.height):
            now = f"{camera.width}x{camera.height}"
            return f"was made for images of {values.width}x{values.height}, now they have {now}"
    if isinstance(values, WrenchLoad):
        arm, _, part = device.rpartition("/")
        config = rig.arms[arm] if arm else next(iter(rig.arms.values()))
        if config.wrench is not None and values.frame_id != config.wrench.frame_id:
            return (
                f"was made in frame {values.frame_id}, the {part} now has {config.wrench.frame_id}"
            )
    return None


def _newest(loaded: RigFile, kind: Kind, device: str) -> tuple[StoredCalibration | None, list[str]]:
    refused = []
    for path in _files(loaded, kind, device):
        try:
            stored = read_calibration(path)
            refuse_foreign(stored, loaded.rig, kind, device)
        except (UnreadableError, ConfigError) as error:
            refused.append(str(error))
            continue
        return stored, refused
    return None, refused


def _files(loaded: RigFile, kind: Kind, device: str) -> list[Path]:
    """Files of a device, newest version first."""
    return [path for _, path in sorted(_versions(_folder(loaded, kind, device)), reverse=True)]


def _versions(folder: Path) -> Iterator[tuple[int, Path]]:
    for path in folder.glob("*.json"):
        if path.stem.isascii() and path.stem.isdigit():
            yield int(path.stem), path


def _last_version(folder: Path) -> int:
    return max((version for version, _ in _versions(folder)), default=0)


def _folder(loaded: RigFile, kind: Kind, device: str) -> Path:
    return calibration_folder(loaded) / kind / _folder_name(device)


def _folder_name(device: str) -> str:
    return device.replace("/", ".")


def _create(path: Path, data: bytes) -> bool:
    """Write a whole new file under a name that nobody has; False when somebody has it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(partial, path)
        except FileExistsError:
            return False
    finally:
        partial.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True
