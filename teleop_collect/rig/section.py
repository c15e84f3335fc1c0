"""What every part of the rig file shares: the closed, frozen section and its scalar types."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Vector3 = tuple[float, float, float]
Range = tuple[float, float]


class Section(BaseModel):
    """A part of the rig file: frozen, closed to unknown keys, finite numbers only."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=False)


class Mount(Section):
    """Where something sits: `parent_from_this`, roll-pitch-yaw about fixed axes."""

    parent: str = "world"
    xyz_m: Vector3 = (0.0, 0.0, 0.0)
    rpy_rad: Vector3 = (0.0, 0.0, 0.0)
