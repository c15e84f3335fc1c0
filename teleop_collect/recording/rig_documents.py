"""What an episode carries of its rig: the rig file, robot descriptions, serial numbers, hashes."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from teleop_collect.errors import ConfigError
from teleop_collect.rig.calibration.store import (
    ATTACHMENT_FOLDER,
    calibration_folder,
    load_calibrations,
)
from teleop_collect.rig.checks.baseline import BASELINE_FILE, MAX_FILE_BYTES, baseline_folder
from teleop_collect.rig.config import Rig
from teleop_collect.rig.description import RobotDescription, resolve_urdf
from teleop_collect.rig.hashes import combined_sha256, sha256_bytes

URDF_MEDIA_TYPE = "application/xml"
RIG_FILE = "rig.yaml"


class RigSource(Protocol):
    """A rig and the file it came from."""

    @property
    def rig(self) -> Rig:
        """The rig."""
        ...

    @property
    def path(self) -> Path:
        """The rig file."""
        ...

    @property
    def sha256(self) -> str:
        """Hash (hex) of the rig file."""
        ...

    @property
    def text(self) -> str:
        """Content of the rig file."""
        ...


@dataclass(frozen=True)
class RigDocument:
    """A file that is attached to every episode.

    Attributes:
        name: of the attachment.
        media_type: for example `application/xml`.
        data: content.
    """

    name: str
    media_type: str
    data: bytes


def rig_documents(source: RigSource) -> tuple[RigDocument, ...]:
    """The rig file, every arm's URDF, every current calibration file and the rig's baseline.

    Raises:
        ConfigError: an arm's URDF cannot be found.
        OSError: it cannot be read.
    """
    documents = [RigDocument(RIG_FILE, "application/yaml", source.text.encode())]
    for name, arm in source.rig.arms.items():
        data = resolve_urdf(arm.urdf, source.path).read_bytes()
        documents.append(RigDocument(f"{name}.urdf", URDF_MEDIA_TYPE, data))
    for stored in load_calibrations(source).current.values():
        documents.append(RigDocument(stored.name, "application/json", stored.data))
    baseline = baseline_folder(calibration_folder(source)) / "baseline.json"
    if baseline.is_file() and baseline.stat().st_size <= MAX_FILE_BYTES:
        documents.append(RigDocument(BASELINE_FILE, "application/json", baseline.read_bytes()))
    return tuple(documents)


def descriptions_in(documents: tuple[RigDocument, ...]) -> dict[str, RobotDescription]:
    """The robot descriptions among the documents, by arm; one that is no URDF is left out."""
    found = {}
    for document in documents:
        if document.media_type == URDF_MEDIA_TYPE:
            with suppress(ConfigError):
                path = Path(document.name)
                found[path.stem] = RobotDescription.from_bytes(document.data, path)
    return found


def calibration_hashes(documents: tuple[RigDocument, ...]) -> dict[str, str]:
    """SHA-256 of each attached calibration file by its name."""
    files = (d for d in documents if d.name.startswith(ATTACHMENT_FOLDER))
    return {file.name: sha256_bytes(file.data) for file in files}


def urdf_sha256(documents: tuple[RigDocument, ...]) -> str | None:
    """Hash of the robot description(s); None when there is none."""
    hashes = [sha256_bytes(d.data) for d in documents if d.media_type == URDF_MEDIA_TYPE]
    return combined_sha256(hashes) if hashes else None


def robot_serials(rig: Rig) -> dict[str, str]:
    """Serial numbers by device; with the arm's name in front on a rig with several arms."""
    serials: dict[str, str] = {}
    for name, arm in rig.arms.items():
        prefix = f"{name}/" if len(rig.arms) > 1 else ""
        serials[f"{prefix}leader"] = arm.leader.serial
        serials[f"{prefix}follower"] = arm.follower.serial
        if arm.wrench is not None:
            serials[f"{prefix}wrench"] = arm.wrench.serial
    serials |= {f"cameras/{name}": camera.serial for name, camera in rig.cameras.items()}
    return {device: serial for device, serial in serials.items() if serial}
