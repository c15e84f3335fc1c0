"""Images that a camera made and that were never published, by the camera's own frame numbers."""

from teleop_collect.recording.transport_loss import UNKNOWN, Unknown


class FrameLoss:
    """Counts images lost before the driver published them, over one episode."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._counted: int | None = None
        self._restarts: int | None = None
        self._lost = 0
        self._observable = True

    @property
    def lost(self) -> int | Unknown:
        """Images lost since the first number; unknown before it, and when numbering began anew."""
        return UNKNOWN if self._number is None or not self._observable else self._lost

    def observe(self, number: int, counted: int | None, restarts: int | None) -> None:
        """Note the number of an image.

        Args:
            number: the camera's.
            counted: images that the driver has missed so far, where it counts them itself.
            restarts: how often it saw numbering begin anew, where it counts that.
        """
        if self._number is not None:
            if number < self._number or restarts != self._restarts:
                self._observable = False
            elif counted is not None and self._counted is not None:
                self._lost += counted - self._counted
            else:
                self._lost += max(0, number - self._number - 1)
        self._number, self._counted, self._restarts = number, counted, restarts
