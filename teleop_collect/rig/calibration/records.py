"""A calibration file: what was measured on which device, when, by whom, and how well.

A file is JSON, is written once and never changed. `sha256` covers everything else in it, so a
damaged or edited file is recognised.
"""

import json
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError

from teleop_collect.errors import UnreadableError
from teleop_collect.rig.calibration.values import Values
from teleop_collect.rig.hashes import sha256_bytes
from teleop_collect.rig.section import Name, Section

Kind = Literal["leader", "follower", "camera", "hand_eye", "wrench", "latency"]
KINDS: tuple[Kind, ...] = ("leader", "follower", "camera", "hand_eye", "wrench", "latency")
MAX_FILE_BYTES = 1 << 20


class Calibration(Section):
    """One calibration of one device."""

    schema_version: Annotated[Literal["teleop_collect.calibration/1"], Field(alias="schema")] = (
        "teleop_collect.calibration/1"
    )
    rig: Name
    device: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}(/[a-z][a-z0-9_]{0,63})?$")]
    """As in a manifest's `robot_serials`: `leader`, `left/follower`, `cameras/scene`."""
    serials: dict[str, str]
    """Serial number of every device that the values depend on, by device; empty when it has none
    in the rig file."""
    version: Annotated[int, Field(ge=1)]
    """Counts the files of one kind and device."""
    made: str
    """UTC, ISO 8601."""
    made_ns: Annotated[int, Field(ge=0)]
    operator: str
    """A pseudonym."""
    software_version: str
    method: str
    """How the values were found, in words."""
    samples: Annotated[int, Field(ge=1)]
    """Poses, images or readings that went in."""
    residuals: dict[str, float]
    """What the fit left over; each key names its unit."""
    uncertainty: dict[str, float]
    """Standard errors of the values; each key names its unit."""
    values: Values
    sha256: str = ""
    """Of the file's content without this key, canonical JSON, hex."""

    @property
    def kind(self) -> Kind:
        """Kind of calibration."""
        return self.values.kind

    def sealed(self) -> Self:
        """The same with the hash of its content."""
        return self.model_copy(update={"sha256": self.content_sha256()})

    def content_sha256(self) -> str:
        """Hash of everything but the hash itself."""
        document = self.model_dump(mode="json", by_alias=True, exclude={"sha256"})
        return sha256_bytes(json.dumps(document, sort_keys=True, separators=(",", ":")).encode())

    def to_json(self) -> str:
        """Text of the file."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


def parse_calibration(text: bytes, where: str) -> Calibration:
    """Read a calibration file.

    Args:
        text: its content.
        where: named in the message when it is wrong.

    Raises:
        UnreadableError: it is too large, is no calibration, or was altered after it was written.
    """
    if len(text) > MAX_FILE_BYTES:
        raise UnreadableError(f"{where} is larger than {MAX_FILE_BYTES} bytes: no calibration")
    try:
        calibration = Calibration.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "document"
        raise UnreadableError(
            f"{where} is no calibration: {key}: {first['msg']}; calibrate again, or remove it"
        ) from None
    if calibration.sha256 != calibration.content_sha256():
        raise UnreadableError(
            f"{where} was damaged or edited: its content does not have the hash that it states; "
            "calibrate again, or remove it"
        )
    return calibration
