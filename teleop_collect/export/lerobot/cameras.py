"""The cameras of one dataset: each episode encoded per camera in a thread, then joined to files.

A camera's thread reads, measures and encodes its own images, so nothing is queued between threads:
an error surfaces where the result is asked for, and nothing can wait for a thread that has died.
"""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from teleop_collect.errors import CheckFailed
from teleop_collect.export.lerobot.fingerprint import fingerprint
from teleop_collect.export.lerobot.layout import BYTES_PER_MB, IMAGE_PREFIX, Limits, Place
from teleop_collect.export.lerobot.stats import ImageHistogram, sampled_steps
from teleop_collect.export.lerobot.video import JoinedVideo, VideoSettings, encode, extradata_of
from teleop_collect.export.steps import CameraSteps, EpisodeSteps, RgbImage


class Interrupted(Exception):
    """Another camera has failed, so this one stops as well."""


@dataclass(frozen=True)
class VideoSpan:
    """Where the images of one episode and camera are.

    Attributes:
        place: the video file.
        first: number of the episode's first frame in that file.
        frames: how many frames the episode has.
        histogram: pixel values of the sampled images.
        fingerprints: of the first and the last image, as they were before encoding.
    """

    place: Place
    first: int
    frames: int
    histogram: ImageHistogram
    fingerprints: tuple[bytes, bytes]


class CameraPass:
    """One pass over the images of one episode and camera, measured while they are encoded."""

    def __init__(self, camera: CameraSteps, steps: int, stop: threading.Event) -> None:
        self.histogram = ImageHistogram()
        self.first = self.last = b""
        self._camera = camera
        self._steps = steps
        self._stop = stop

    def encode(self, path: Path, settings: VideoSettings) -> None:
        """Encode all images into `path`.

        Raises:
            CheckFailed: the camera has more or fewer images than the episode has steps, or an
                image of another size.
        """
        try:
            frames = encode(self._measured(), path, settings)
        except BaseException:
            self._stop.set()
            raise
        if frames != self._steps:
            self._stop.set()
            raise CheckFailed(f"{path.stem}: {frames} images for {self._steps} steps")

    def _measured(self) -> Iterator[RgbImage]:
        sampled = set(sampled_steps(self._steps).tolist())
        expected = (self._camera.height, self._camera.width, 3)
        for number, image in enumerate(self._camera.images()):
            if self._stop.is_set():
                raise Interrupted
            if image.shape != expected:
                raise CheckFailed(f"step {number}: image of shape {image.shape}, not {expected}")
            if number in sampled:
                self.histogram.add(image)
            if number == 0:
                self.first = fingerprint(image)
            if number == self._steps - 1:
                self.last = fingerprint(image)
            yield image


class VideoFiles:
    """All video files of one camera."""

    def __init__(self, folder: Path, key: str, fps: int, limits: Limits) -> None:
        self._folder = folder
        self._key = key
        self._fps = fps
        self._limits = limits
        self._place = Place()
        self._open: JoinedVideo | None = None
        self._bytes = 0

    def append(self, episode: Path, frames: int) -> tuple[Place, int]:
        """Append an encoded episode.

        Returns:
            The file it went to and the number of its first frame there.
        """
        size = episode.stat().st_size
        if self._open is not None and not self._fits(episode, size):
            self.close()
            self._place = self._place.following(self._limits.chunks_size)
        if self._open is None:
            path = self._folder / self._place.video_path(self._key)
            self._open = JoinedVideo(path, episode, self._fps)
            self._bytes = 0
        first = self._open.append(episode, frames)
        self._bytes += size
        return self._place, first

    def close(self) -> None:
        """Complete the open file."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _fits(self, episode: Path, size: int) -> bool:
        assert self._open is not None
        limit = self._limits.video_files_size_in_mb * BYTES_PER_MB
        return self._bytes + size <= limit and self._open.extradata == extradata_of(episode)


class Cameras:
    """Writes the videos of all cameras of a dataset."""

    def __init__(
        self, folder: Path, keys: tuple[str, ...], settings: VideoSettings, limits: Limits
    ) -> None:
        self._scratch = folder / "segments"
        self._settings = settings
        self._files = {key: VideoFiles(folder, key, settings.fps, limits) for key in keys}

    def write(self, steps: EpisodeSteps) -> Mapping[str, VideoSpan]:
        """Encode and append one episode, all cameras at the same time.

        Raises:
            CheckFailed: a camera's images do not fit the episode's steps.
        """
        if not self._files:
            return {}
        self._scratch.mkdir(exist_ok=True)
        passes, stop = {}, threading.Event()
        with ThreadPoolExecutor(max_workers=len(self._files)) as pool:
            try:
                for key in self._files:
                    camera = steps.cameras[key.removeprefix(IMAGE_PREFIX)]
                    camera_pass = CameraPass(camera, steps.length, stop)
                    job = pool.submit(camera_pass.encode, self._segment(key), self._settings)
                    passes[key] = (camera_pass, job)
                errors = [job.exception() for _, job in passes.values()]
            except BaseException:
                stop.set()
                raise
        for error in errors:
            if error is not None and not isinstance(error, Interrupted):
                raise error
        return {key: self._append(key, done, steps.length) for key, (done, _) in passes.items()}

    def close(self) -> None:
        """Complete all files."""
        for files in self._files.values():
            files.close()
        if self._scratch.exists():
            self._scratch.rmdir()

    def _segment(self, key: str) -> Path:
        return self._scratch / f"{key}.mp4"

    def _append(self, key: str, done: CameraPass, frames: int) -> VideoSpan:
        segment = self._segment(key)
        place, first = self._files[key].append(segment, frames)
        segment.unlink()
        return VideoSpan(place, first, frames, done.histogram, (done.first, done.last))
