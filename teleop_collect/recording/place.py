"""Where an episode of a dataset root lies while it is recorded, and where it goes."""

from dataclasses import dataclass
from pathlib import Path

EPISODES = "episodes"
IN_PROGRESS = "inprogress"
SALVAGED = "salvaged"
ACTIVE_SUFFIX = ".mcap.active"
METADATA_FILE = "metadata.yaml"


@dataclass(frozen=True)
class Place:
    """Where an episode is written and where it goes."""

    root: Path
    episode_id: str

    @property
    def in_progress(self) -> Path:
        """Folder while recording."""
        return self.root / IN_PROGRESS / self.episode_id

    @property
    def active_file(self) -> Path:
        """File while recording."""
        return self.in_progress / f"{self.episode_id}{ACTIVE_SUFFIX}"

    @property
    def closed_file(self) -> Path:
        """File once closed, still in the folder while recording."""
        return self.in_progress / f"{self.episode_id}.mcap"

    @property
    def final(self) -> Path:
        """Public folder."""
        return self.root / EPISODES / self.episode_id

    @property
    def salvaged(self) -> Path:
        """Folder of what an interrupted recording left, once it was recovered."""
        return self.root / SALVAGED / self.episode_id
