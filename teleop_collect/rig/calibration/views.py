"""Chooses, from a stream of images, the views of a board that a calibration can use."""

from dataclasses import dataclass

from teleop_collect.rig.calibration.charuco import BoardDetector, BoardView, Image
from teleop_collect.rig.calibration.coverage import Coverage, coverage

STILL_PX = 0.7
"""Movement between two images above which a board counts as moving."""
NEW_SHARE = 0.04
"""Movement, as a share of the image's width, from every kept view, that makes a view a new one."""


@dataclass(frozen=True)
class Feedback:
    """What became of one image.

    Attributes:
        view: what was seen; None without a board.
        kept: whether it is used.
        message: for the person who holds the board.
    """

    view: BoardView | None
    kept: bool
    message: str


class ViewCollection:
    """Views of one camera so far.

    Args:
        detector: of the board.
        needs_still: keep a view only when the board stands still between two images of a stream;
            off for single photographs.
    """

    def __init__(self, detector: BoardDetector, *, needs_still: bool = True) -> None:
        self._detector, self._needs_still = detector, needs_still
        self.views: list[BoardView] = []
        self.size: tuple[int, int] = (0, 0)
        self.images = 0
        self.without_board = 0
        self.moving = 0
        self._before: BoardView | None = None

    @property
    def coverage(self) -> Coverage:
        """What the kept views cover."""
        return coverage(self.views, *self.size)

    def offer(self, image: Image) -> Feedback:
        """Look for the board in the next image, and keep the view when it is still and new."""
        self.images += 1
        self.size = (image.shape[1], image.shape[0])
        view = self._detector.detect(image)
        before, self._before = self._before, view
        if view is None:
            self.without_board += 1
            return Feedback(None, False, "no board in view")
        if self._needs_still and (before is None or view.shift_px(before) > STILL_PX):
            self.moving += 1
            return Feedback(view, False, "hold the board still")
        new_px = NEW_SHARE * self.size[0]
        if any(view.shift_px(kept) < new_px for kept in self.views):
            return Feedback(view, False, "this view is known; move the board")
        self.views.append(view)
        return Feedback(view, True, f"view {len(self.views)} kept")

    def shortfall(self) -> str:
        """What the images lacked, when they do not suffice."""
        if self.images and self.without_board == self.images:
            board = self._detector.board
            return (
                f"no board in view in any of {self.images} images; show the whole ChArUco board "
                f"({board.columns} x {board.rows} squares, {board.dictionary}) in good light"
            )
        if self.moving and not self.views:
            return f"the board moved in all of {self.moving} images that show it; hold it still"
        return f"{len(self.views)} usable views; missing: {'; '.join(self.coverage.missing())}"
