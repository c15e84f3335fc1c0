"""What QA does while an episode is being recorded, so that its verdict follows the stop at once."""

from pathlib import Path

from teleop_collect.episodes.early_scan import EarlyScan
from teleop_collect.qa.images import Comparison


class EarlyLook:
    """One episode that is not finished yet.

    Args:
        path: its file while it is recorded.

    Attributes:
        scan: what has been read of it.
        compared: its images with the ones before them, by topic.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.scan = EarlyScan(path)
        self.compared: dict[str, Comparison] = {}

    def advance(self, most_chunks: int) -> None:
        """Look at what has been written since.

        Args:
            most_chunks: so many at once.

        Raises:
            UnreadableError: it is not what a recorder writes; this look is of no use.
        """
        for topic, raw in self.scan.advance(most_chunks):
            self.compared.setdefault(topic, Comparison()).take(raw)

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self.scan.close()
