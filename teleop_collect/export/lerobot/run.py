"""From a root of episodes to one validated LeRobotDataset v3.0 folder."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from teleop_collect.episodes.reader import Episode, open_episode
from teleop_collect.episodes.timeline import Policy
from teleop_collect.errors import CheckFailed, UnreadableError
from teleop_collect.export.alignment import nominal_fps, steps_of
from teleop_collect.export.lerobot.features import DatasetFeatures
from teleop_collect.export.lerobot.layout import Limits
from teleop_collect.export.lerobot.validation import require_valid
from teleop_collect.export.lerobot.video import Codec, VideoSettings
from teleop_collect.export.lerobot.writer import DatasetWriter
from teleop_collect.export.selection import Chosen, LeftOut, Outcome, select
from teleop_collect.export.staging import staged_folder
from teleop_collect.export.steps import EpisodeSteps

OnProgress = Callable[[int, int], None]
"""Called with episodes done and episodes in all."""


@dataclass(frozen=True)
class ExportOptions:
    """How to export.

    Attributes:
        fps: steps a second; the slowest camera's nominal rate when None.
        codec: of the videos.
        outcome: which episodes by their effective label.
        include_failed: also episodes whose integrity is in doubt.
        policy: which sample stands for a step: the nearest, or the latest before it.
        max_skew_ms: an episode with a sample further from its step than this is left out.
        limits: file sizes.
    """

    fps: int | None = None
    codec: Codec = "h264"
    outcome: Outcome = "success"
    include_failed: bool = False
    policy: Policy = "nearest"
    max_skew_ms: float = 100.0
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class ExportReport:
    """What was written.

    Attributes:
        out: the dataset's folder.
        episodes: exported episodes.
        frames: rows, each with one image a camera.
        fps: rows a second of episode.
        cameras: feature keys of the cameras.
        bytes: size of all files.
        elapsed_s: time of the export, of which `validate_s` for validation.
        validate_s: time of reading everything back.
        left_out: episodes that were not exported.
    """

    out: Path
    episodes: int
    frames: int
    fps: int
    cameras: tuple[str, ...]
    bytes: int
    elapsed_s: float
    validate_s: float
    left_out: tuple[LeftOut, ...]

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {**asdict(self), "out": str(self.out)}


def export_lerobot(
    root: Path,
    out: Path,
    options: ExportOptions | None = None,
    on_progress: OnProgress | None = None,
) -> ExportReport:
    """Write and validate one dataset; on any error nothing is left at `out`.

    Args:
        root: dataset root, or one episode's folder.
        out: the folder to make; absent or empty.
        options: how.
        on_progress: called before the first and after every episode.

    Raises:
        UnreadableError: `root` holds no episodes.
        ConfigError: `out` is not free, or episodes differ in joints, cameras or sizes.
        BusyError: another export is writing to `out`.
        CheckFailed: no episode remains, or what was written is not valid.
    """
    options = options or ExportOptions()
    started_s = time.monotonic()
    selection = select(root, options.outcome, include_failed=options.include_failed)
    with staged_folder(out) as folder:
        export = _Export(folder, options)
        for done, chosen in enumerate(selection.chosen):
            if on_progress is not None:
                on_progress(done, len(selection.chosen))
            export.add(chosen)
        left_out = (*selection.left_out, *export.left_out)
        writer, features = export.finish(left_out)
        validate_started_s = time.monotonic()
        require_valid(folder)
        validate_s = time.monotonic() - validate_started_s
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if on_progress is not None:
        on_progress(len(selection.chosen), len(selection.chosen))
    return ExportReport(
        out=out,
        episodes=writer.total_episodes,
        frames=writer.total_frames,
        fps=features.fps,
        cameras=tuple(features.cameras),
        bytes=size,
        elapsed_s=time.monotonic() - started_s,
        validate_s=validate_s,
        left_out=left_out,
    )


class _Export:
    """One export on its way: the writer begins with the first episode that can be used."""

    def __init__(self, folder: Path, options: ExportOptions) -> None:
        self.left_out: list[LeftOut] = []
        self._folder = folder
        self._options = options
        self._fps = options.fps
        self._begun: tuple[DatasetWriter, DatasetFeatures] | None = None

    def add(self, chosen: Chosen) -> None:
        """Export one episode, or note why it is left out."""
        with ExitStack() as opened:
            try:
                episode = opened.enter_context(open_episode(chosen.folder))
                steps = self._steps(episode, chosen.mcap_sha256)
            except (UnreadableError, CheckFailed) as error:
                self.left_out.append(LeftOut(chosen.folder.name, str(error)))
                return
            self._write(steps)

    def finish(self, left_out: tuple[LeftOut, ...]) -> tuple[DatasetWriter, DatasetFeatures]:
        """Complete the dataset."""
        if self._begun is None:
            reasons = "".join(f"\n  {e.episode_id}: {e.reason}" for e in left_out)
            raise CheckFailed(f"no episode can be exported with these settings:{reasons}")
        writer, features = self._begun
        settings = {**asdict(self._options), "fps": features.fps}
        writer.finish(settings, left_out)
        return writer, features

    def _steps(self, episode: Episode, mcap_sha256: str) -> EpisodeSteps:
        if self._fps is None:
            self._fps = nominal_fps(episode)
        policy, limit = self._options.policy, self._options.max_skew_ms
        return steps_of(episode, self._fps, policy, limit, mcap_sha256)

    def _write(self, steps: EpisodeSteps) -> None:
        if self._begun is None:
            features = DatasetFeatures.of(steps)
            video = VideoSettings(features.fps, self._options.codec)
            writer = DatasetWriter(
                self._folder, features, video, tuple(steps.skew_ns), self._options.limits
            )
            self._begun = (writer, features)
        self._begun[0].add(steps)
