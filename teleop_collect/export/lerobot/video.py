"""Video of one camera: encoded episode by episode, joined into files without encoding again.

Loaders find a row's frame by time, so frame n of a file must stand exactly at n / fps. That needs
a constant frame rate and no B-frames (their reordering delay shifts the first time stamp). A short
distance between key frames keeps random access cheap.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, cast

import av
from av.video.stream import VideoStream

from teleop_collect.errors import CheckFailed
from teleop_collect.export.lerobot.encoder_rank import EncoderRank
from teleop_collect.export.steps import RgbImage

Codec = Literal["h264", "av1"]

# A group of pictures of two: any frame is at most one frame away from a key frame.
GROUP_SIZE = 2
PIXEL_FORMAT = "yuv420p"

# On a moving 640x480 scene with sensor noise both reach the PSNR of LeRobot's own default (AV1,
# crf 30) within 1.5 dB; the scales of the two encoders' crf differ.
_ENCODERS: dict[Codec, tuple[str, dict[str, str]]] = {
    "h264": ("libx264", {"preset": "veryfast", "crf": "20", "bf": "0"}),
    "av1": ("libsvtav1", {"preset": "10", "crf": "30"}),
}


@dataclass(frozen=True)
class VideoSettings:
    """How videos are encoded.

    Attributes:
        fps: frames a second.
        codec: "h264" (fast to write and to read) or "av1" (smaller).
    """

    fps: int
    codec: Codec = "h264"

    @property
    def encoder(self) -> str:
        """FFmpeg's name of the encoder."""
        return _ENCODERS[self.codec][0]

    @property
    def options(self) -> dict[str, str]:
        """Options of the encoder."""
        return {"g": str(GROUP_SIZE), **_ENCODERS[self.codec][1]}

    def info(self, height: int, width: int) -> dict[str, Any]:
        """The `info` part of a video feature."""
        options = _ENCODERS[self.codec][1]
        return {
            "video.height": height,
            "video.width": width,
            "video.codec": self.codec,
            "video.pix_fmt": PIXEL_FORMAT,
            "video.is_depth_map": False,
            "video.fps": self.fps,
            "video.channels": 3,
            "video.g": GROUP_SIZE,
            "video.crf": int(options["crf"]),
            "video.preset": options["preset"],
            "has_audio": False,
        }


def encode(images: Iterable[RgbImage], path: Path, settings: VideoSettings) -> int:
    """Encode images into a new file, frame n at n / fps.

    Args:
        images: RGB, all of the same even size.
        path: the file to write, ending in .mp4.
        settings: codec and rate.

    Returns:
        The number of frames in the file.

    Raises:
        CheckFailed: the encoder returned another number of frames than it was given.
    """
    given = returned = 0
    rank = EncoderRank()
    with av.open(path, "w", format="mp4") as container:
        stream: VideoStream | None = None
        for image in images:
            if stream is None:
                stream = _open_stream(container, image, settings)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = given, Fraction(1, settings.fps)
            packets = stream.encode(frame)
            if given == 0:  # the encoder starts with its first image
                rank.restore()
            given += 1
            for packet in packets:
                container.mux(packet)
                returned += 1
        for packet in stream.encode(None) if stream is not None else ():
            container.mux(packet)
            returned += 1
    if returned != given:
        raise CheckFailed(f"{settings.encoder} returned {returned} frames for {given} images")
    return returned


def _open_stream(
    container: av.container.OutputContainer, image: RgbImage, settings: VideoSettings
) -> VideoStream:
    """A video stream for images of this size."""
    # SVT-AV1 prints its settings on stderr unless told to print errors alone.
    os.environ.setdefault("SVT_LOG", "1")
    stream = cast(
        VideoStream,
        container.add_stream(settings.encoder, rate=settings.fps, options=settings.options),
    )
    stream.height, stream.width = image.shape[:2]
    stream.pix_fmt = PIXEL_FORMAT
    stream.time_base = stream.codec_context.time_base = Fraction(1, settings.fps)
    return stream


class JoinedVideo:
    """One video file that whole encoded episodes are appended to."""

    def __init__(self, path: Path, first: Path, fps: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.frames = 0
        self.bytes = 0
        self._fps = fps
        with av.open(first) as source:
            template = source.streams.video[0]
            self.extradata = template.codec_context.extradata
            self._container = av.open(path, "w", format="mp4")
            self._stream = self._container.add_stream_from_template(template, opaque=True)
        self._stream.time_base = Fraction(1, fps)

    def append(self, episode: Path, frames: int) -> int:
        """Copy an encoded episode to the end.

        Args:
            episode: file that `encode` wrote.
            frames: how many frames it must have.

        Returns:
            The number of the episode's first frame in this file.

        Raises:
            CheckFailed: another number of frames was found.
        """
        first = self.frames
        with av.open(episode) as source:
            for packet in source.demux(source.streams.video[0]):
                if packet.pts is None or packet.time_base is None:
                    continue
                number = first + round(packet.pts * packet.time_base * self._fps)
                self.bytes += packet.size
                packet.stream = self._stream
                packet.time_base = Fraction(1, self._fps)
                packet.pts = packet.dts = number
                packet.duration = 1
                self._container.mux(packet)
                self.frames += 1
        if self.frames - first != frames:
            raise CheckFailed(f"{episode.name} has {self.frames - first} frames, expected {frames}")
        return first

    def close(self) -> None:
        """Complete the file."""
        self._container.close()


def extradata_of(path: Path) -> bytes | None:
    """The decoder's set-up, which must be the same for all episodes of one file."""
    with av.open(path) as source:
        return source.streams.video[0].codec_context.extradata


def frame_numbers(path: Path, fps: int) -> list[float]:
    """Time of every frame of a file in units of 1 / fps, in file order; nothing is decoded."""
    with av.open(path) as source:
        return [
            float(packet.pts * packet.time_base * fps)
            for packet in source.demux(source.streams.video[0])
            if packet.pts is not None and packet.time_base is not None
        ]


def decode_frames(path: Path, numbers: Iterable[int], fps: int) -> Iterator[RgbImage]:
    """Decode single frames of a file.

    Args:
        path: the video.
        numbers: frame numbers in the file.
        fps: frames a second.

    Yields:
        RGB images of shape (height, width, 3), in the order of `numbers`.

    Raises:
        CheckFailed: the file has no frame of that number.
    """
    with av.open(path) as source:
        stream = source.streams.video[0]
        assert stream.time_base is not None
        for number in numbers:
            target = round(Fraction(number, fps) / stream.time_base)
            source.seek(target, stream=stream)
            for frame in source.decode(stream):
                if frame.pts is not None and frame.pts >= target:
                    break
            else:
                raise CheckFailed(f"{path.name} has no frame {number}")
            if frame.pts != target:
                raise CheckFailed(f"{path.name} has no frame at {number} / {fps} s")
            yield cast(RgbImage, frame.to_ndarray(format="rgb24"))
