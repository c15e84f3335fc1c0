"""How fast is QA, in seconds of episode for each second of one core?

    python bench/qa_speed.py [--seconds 20]

An episode of the simulated rig with two RGB-D cameras, three joint streams, a 500 Hz wrench and
poses, in the forms in which it can be recorded: 640x480 with the recorder's codecs (JPEG, RVL),
640x480 raw in zstd chunks, and 320x240 raw in zstd chunks, which is the shipped rig. Six simulated
seconds are repeated until the episode is long enough; an image costs the same wherever it stands.

- teleop_collect: all checks, hash and checksums included, as `teleop-collect qa` runs them;
- floor: decoding alone, of every message and every image to pixels; and, below it, reading and
  decompressing the file alone and walking over its messages;
- full decode: every joint message and every image decoded and two figures taken of each image
  (brightness, variance of the Laplacian), which is how score_lerobot_episodes goes about it.

Times are of the processor (user and system) in one process, the fastest of three.
"""

import argparse
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from mcap.writer import CompressionType
from report import Report

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "test"))
from support.simulated_plan import Simulation
from support.synthetic_episode import write_plan
from support.synthetic_streams import NS, Plan, Sample, Stream

from teleop_collect import topics
from teleop_collect.episodes.images import IMAGE_TYPES
from teleop_collect.episodes.reader import open_episode
from teleop_collect.qa.run import check_episode
from teleop_collect.recording.image_codecs import encoder

GOAL = 30.0
SIMULATED_S, RUNS = 6.0, 3
CAMERAS = ("scene", "wrist")
CHUNK_BYTES = 1 << 20


def simulated(size: tuple[int, int]) -> Plan:
    """Six seconds of the rig."""
    return Simulation(0, SIMULATED_S, size, CAMERAS, keep_pixels=False).run()


def with_codecs(plan: Plan) -> Plan:
    """Colour as JPEG, depth as RVL, under image_transport's names."""
    made = Plan(plan.start_ns, plan.duration_s, {}, urdf=plan.urdf)
    for topic, stream in plan.streams.items():
        if stream.type != topics.IMAGE:
            made.streams[topic] = stream
            continue
        is_depth = "depth" in topic
        encode = encoder(topics.ImageCodec("rvl" if is_depth else "jpeg"))
        samples = [Sample(s.stamp_ns, s.log_ns, None, encode(s.raw or b"")) for s in stream.samples]
        name = topics.compressed_depth(topic) if is_depth else topics.compressed(topic)
        made.streams[name] = Stream(topics.COMPRESSED_IMAGE, stream.expected_hz, True, samples)
    return made


def repeated(plan: Plan, seconds: float) -> Plan:
    """The same again and again; stamps go on."""
    made = Plan(plan.start_ns, seconds, {}, urdf=plan.urdf)
    for topic, stream in plan.streams.items():
        samples = []
        for turn in range(-(-round(seconds) // round(SIMULATED_S))):
            shift = turn * round(SIMULATED_S * NS)
            samples += [moved(sample, shift) for sample in stream.samples]
        end_ns = plan.start_ns + round(seconds * NS)
        kept = [sample for sample in samples if sample.stamp_ns < end_ns]
        made.streams[topic] = Stream(stream.type, stream.expected_hz, True, kept)
    return made


def moved(sample: Sample, by_ns: int) -> Sample:
    """The sample at a later time, its stamp inside the message too."""
    stamp_ns, raw = sample.stamp_ns + by_ns, sample.raw or b""
    stamp = struct.pack("<iI", *divmod(stamp_ns, NS))
    return Sample(stamp_ns, sample.log_ns + by_ns, None, raw[:4] + stamp + raw[12:])


def reading(folder: Path) -> None:
    """Read, decompress, walk."""
    with open_episode(folder) as episode:
        for _ in episode.messages(list(episode.streams)):
            pass


def decoding(folder: Path) -> None:
    """Every message decoded and every image unpacked, nothing computed: the floor of the issue."""
    with open_episode(folder) as episode:
        for topic, info in episode.streams.items():
            if info.type in IMAGE_TYPES:
                for _ in episode.iter_images(topic):
                    pass
            else:
                for message in episode.read_messages(topic):
                    episode.decode(topic, message.data)


def full_decode(folder: Path) -> None:
    """Everything decoded, two figures of each image."""
    with open_episode(folder) as episode:
        for topic, info in episode.streams.items():
            if info.type not in IMAGE_TYPES:
                for message in episode.read_messages(topic):
                    episode.decode(topic, message.data)
                continue
            for _, _, image in episode.iter_images(topic):
                grey = (
                    cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
                    if (image.ndim == 3)
                    else image
                )
                grey.mean(), cv2.Laplacian(grey, cv2.CV_64F).var()


def fastest_s(what: Callable[[Path], object], folder: Path) -> float:
    """Processor time of the fastest run."""
    times = []
    for _ in range(RUNS):
        began = time.process_time()
        what(folder)
        times.append(time.process_time() - began)
    return min(times)


def measure(report: Report, name: str, plan: Plan, seconds: float) -> None:
    """One form of the episode, three ways."""
    with tempfile.TemporaryDirectory() as root:
        folder = write_plan(
            repeated(plan, seconds), Path(root), "episode",
            compression=CompressionType.ZSTD, chunk_size=CHUNK_BYTES,
        )  # fmt: skip
        size_mb = sum(f.stat().st_size for f in folder.glob("*.mcap")) / 1e6
        qa_s = fastest_s(lambda path: check_episode(path, write=False), folder)
        reading_s, floor_s = fastest_s(reading, folder), fastest_s(decoding, folder)
        full_s = fastest_s(full_decode, folder)
    speed = seconds / qa_s
    report.row(
        name, episode_s=seconds, size_mb=size_mb, qa_s=qa_s, times_real_time=speed,
        reading_s=reading_s, floor_s=floor_s, floor_times_real_time=seconds / floor_s,
        qa_to_floor=qa_s / floor_s, qa_to_reading=qa_s / reading_s,
    )  # fmt: skip
    report.peer(
        f"full decode, {name}", decode_s=full_s, times_real_time=seconds / full_s,
        slower_than_qa=full_s / qa_s,
    )  # fmt: skip
    report.at_least(f"times_real_time, {name}", speed, GOAL)


def main() -> int:
    """Entry point."""
    form = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the episode")
    options = parser.parse_args()
    report = Report("qa_speed")
    large = simulated((640, 480))
    measure(report, "640x480, JPEG and RVL", with_codecs(large), options.seconds)
    measure(report, "640x480 raw, zstd", large, options.seconds)
    del large
    small = simulated((320, 240))
    measure(report, "320x240 raw, zstd", small, options.seconds)
    report.missing_peer("score_lerobot_episodes itself", "reads LeRobot datasets, no MCAP")
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
