"""Frames lost between camera and reader, counted exactly from the camera's frame numbers."""


class FrameCounter:
    """Follows the frame numbers of one stream.

    Attributes:
        taken: frames accepted.
        lost: numbers that never came.
        repeated: frames that came again; they are not new images.
        restarts: how often numbering began anew. What was lost across a restart is unknown.
    """

    def __init__(self) -> None:
        self.taken = 0
        self.lost = 0
        self.repeated = 0
        self.restarts = 0
        self._last: int | None = None

    def restart(self) -> None:
        """Expect any number next: the stream was opened anew."""
        if self._last is not None:
            self.restarts += 1
        self._last = None

    def accept(self, number: int) -> bool:
        """Take in a frame's number; False when this frame has been taken already."""
        if number == self._last:
            self.repeated += 1
            return False
        if self._last is not None and number < self._last:
            self.restart()
        if self._last is not None:
            self.lost += number - self._last - 1
        self._last = number
        self.taken += 1
        return True
