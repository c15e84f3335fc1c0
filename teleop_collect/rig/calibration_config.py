"""How a rig uses its calibration files."""

from typing import Literal

from pydantic import Field

from teleop_collect.rig.calibration.values import Board
from teleop_collect.rig.section import Name, Section

AppliedKind = Literal["leader", "follower", "camera", "hand_eye", "wrench"]


class CalibrationUse(Section):
    """Where a rig's calibration files lie, and which of them the drivers use."""

    folder: str = ""
    """Relative to the rig file; the user's state folder when empty (see docs/calibration.md)."""
    apply: tuple[AppliedKind, ...] = ("leader", "follower")
    """Kinds whose current file stands above the rig file's numbers: `leader` and `follower`
    (zeros and directions of servos), `camera` (intrinsics in CameraInfo), `hand_eye` (a camera's
    mount), `wrench` (bias and tool weight taken out of a simulated sensor's readings)."""
    boards: dict[Name, Board] = Field(default_factory=lambda: {"board": Board()})
    """ChArUco boards that are used with this rig."""
