"""Faults that simulated devices show on command while they run, so that checks can be tried.

The nodes `sim_rig` and `camera` take them as JSON in the parameter `faults`: by arm, and by camera.
An empty object ends them all.
"""

from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from teleop_collect.errors import ConfigError
from teleop_collect.rig.section import Positive, Section, Vector3

Faults = TypeVar("Faults", bound=Section)


class CameraFaults(Section):
    """What is wrong with one camera."""

    moved_m: Vector3 = (0.0, 0.0, 0.0)
    """Knocked away by this, along the axes of its optical frame."""
    turned_rad: Vector3 = (0.0, 0.0, 0.0)
    focal_factor: Positive = 1.0
    """CameraInfo tells focal lengths of another camera: the true ones times this."""
    principal_px: tuple[float, float] = (0.0, 0.0)
    """And a principal point that is off by this."""
    fps: Positive | None = None
    blur_px: Annotated[float, Field(ge=0, le=20)] = 0.0
    """Standard deviation of a Gaussian blur of colour."""
    brightness: Annotated[float, Field(ge=0, le=10)] = 1.0
    depth_factor: Positive = 1.0
    depth_shift_px: Annotated[int, Field(ge=-50, le=50)] = 0
    """Columns by which depth lies beside colour."""
    depth_holes: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of depth pixels that are 0."""
    frozen: bool = False
    """The same image and stamp again and again."""
    stamp_offset_s: float = 0.0
    serial: str | None = None


class ArmFaults(Section):
    """What is wrong with one follower and its force-torque sensor."""

    stuck: tuple[str, ...] = ()
    """Joints that take no commands."""
    reversed: tuple[str, ...] = ()
    """Joints that move the other way, from where they were when the fault began."""
    swapped: tuple[str, str] | None = None
    """Two joints, each of which makes the other one's movements."""
    encoder_noise: Annotated[float, Field(ge=0)] = 0.0
    """Standard deviation of a position, rad or m."""
    lag_s: Annotated[float, Field(ge=0, le=2)] = 0.0
    """Commands wait this long."""
    stamp_offset_s: float = 0.0
    wrench_bias_n: Vector3 = (0.0, 0.0, 0.0)
    wrench_noise_n: Annotated[float, Field(ge=0)] = 0.0
    wrench_frozen: bool = False
    serial: str | None = None


def parsed_faults(text: str, kind: type[Faults], known: Mapping[str, object]) -> dict[str, Faults]:
    """Read a `faults` parameter.

    Args:
        text: JSON object of faults by name.
        kind: `CameraFaults` or `ArmFaults`.
        known: names that there are.

    Raises:
        ConfigError: it is no such JSON, or names something that is not there.
    """
    try:
        faults = TypeAdapter(dict[str, kind]).validate_json(text)  # type: ignore[valid-type]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the text"
        raise ConfigError(f"faults: {where}: {first['msg']}") from None
    if unknown := sorted(set(faults) - set(known)):
        raise ConfigError(f"faults: no {', '.join(unknown)}; there is {', '.join(known)}")
    return faults
