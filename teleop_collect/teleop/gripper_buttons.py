"""Two buttons that open and close a gripper."""

from collections.abc import Mapping, Sequence

from teleop_collect.rig.config import SpaceMouseLeader
from teleop_collect.teleop.bounds import SoftBounds


class GripperButtons:
    """Moves one joint while a button is held: "open" towards its upper bound.

    A gripper whose joint grows when it closes has its two buttons exchanged in the rig file. Both
    held, or none: it stands. It may run ahead of the measured gripper, because an object between
    the fingers is held by asking for less than its width.

    Args:
        config: buttons, joint and speed.
        joints: of the arm, in the order of all positions.
        bounds: by joint.
    """

    def __init__(
        self, config: SpaceMouseLeader, joints: Sequence[str], bounds: Mapping[str, SoftBounds]
    ) -> None:
        self._buttons = (config.buttons.gripper_open, config.buttons.gripper_close)
        self._index: int | None = None
        if config.gripper_joint is not None:
            self._index = joints.index(config.gripper_joint)
            self._bounds = bounds[config.gripper_joint]
            self._speed = min(config.gripper_speed, self._bounds.velocity)

    def move(
        self,
        positions: list[float],
        velocities: list[float],
        buttons: Sequence[int],
        dt_s: float,
    ) -> None:
        """Change the gripper's position (rad or m) and velocity in place, for `dt_s` > 0."""
        opening, closing = (
            button is not None and button < len(buttons) and buttons[button] != 0
            for button in self._buttons
        )
        if self._index is None or opening == closing:
            return
        before = positions[self._index]
        step = self._speed * dt_s if opening else -self._speed * dt_s
        # A joint found outside its bounds may come back, and moves no further out.
        low, high = min(self._bounds.lower, before), max(self._bounds.upper, before)
        positions[self._index] = min(max(before + step, low), high)
        velocities[self._index] = (positions[self._index] - before) / dt_s
