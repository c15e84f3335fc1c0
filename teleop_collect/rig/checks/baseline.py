"""What a rig looked like when it was known to be good, to compare each later check with.

`check --save-baseline` writes it beside the calibration files, as `baseline/baseline.json` with one
picture a camera. Saving again replaces it.
"""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from teleop_collect.errors import DeviceError, UnreadableError
from teleop_collect.rig.section import Section

MAX_FILE_BYTES = 1 << 20
BASELINE_FILE = "baseline/baseline.json"
"""Name of the attachment in an episode."""
Pixel = tuple[float, float]


class CameraBaseline(Section):
    """One camera's view."""

    serial: str
    width: int
    height: int
    brightness: float
    """Mean grey value, 0 to 255."""
    sharpness: float
    """Variance of the Laplacian."""
    depth_m: float | None = None
    """Median of valid depth."""
    depth_fill: float | None = None
    """Share of pixels with depth."""
    corners: dict[int, Pixel] = Field(default_factory=dict)
    """Corners of the board by id, px; empty when no board was in view."""


class Baseline(Section):
    """The whole rig."""

    schema_version: Annotated[Literal["teleop_collect.rig_baseline/1"], Field(alias="schema")] = (
        "teleop_collect.rig_baseline/1"
    )
    rig: str
    made_ns: int
    software_version: str
    ages_s: dict[str, float]
    """Smallest age of each topic's stamps on arrival."""
    cameras: dict[str, CameraBaseline]


def load_baseline(folder: Path, rig: str) -> Baseline | None:
    """Read the baseline in a folder; None when none was saved.

    Args:
        folder: of the rig's calibrations.
        rig: the rig's name.

    Raises:
        UnreadableError: it is damaged or another rig's.
    """
    path = baseline_folder(folder) / "baseline.json"
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES)
        baseline = Baseline.model_validate_json(data)
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise UnreadableError(f"{path} is no baseline of a rig check; {_AGAIN}") from error
    if baseline.rig != rig:
        raise UnreadableError(f"{path} is the baseline of rig {baseline.rig}; {_AGAIN}")
    return baseline


def save_baseline(folder: Path, baseline: Baseline, pictures: dict[str, bytes]) -> Path:
    """Write a baseline and its pictures; the JSON file, which is read back, comes last and whole.

    Args:
        folder: of the rig's calibrations.
        baseline: what to write.
        pictures: PNG by camera.

    Raises:
        DeviceError: it cannot be written.
    """
    where = baseline_folder(folder)
    path = where / "baseline.json"
    try:
        where.mkdir(parents=True, exist_ok=True)
        for camera, png in pictures.items():
            _replace(where / f"{camera}.png", png)
        _replace(path, (baseline.model_dump_json(by_alias=True, indent=2) + "\n").encode())
    except OSError as error:
        raise DeviceError(f"cannot write the baseline to {where}: {error.strerror}") from error
    return path


def baseline_folder(folder: Path) -> Path:
    """Where the baseline lies below a rig's calibrations."""
    return folder / "baseline"


def _replace(path: Path, data: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


_AGAIN = "save it again with `teleop-collect check --save-baseline`"
