"""Process that records one episode on a clock of its own making, as fast as the disk takes it.

`python -m recording_load.simulated_episode SECONDS FOLDER` prints one JSON line. The core without
ROS: seven small streams, 86 messages a simulated second, chunks as many as real time would make.
"""

import json
import sys
import time
from pathlib import Path

from teleop_collect.clock import NS_PER_S, FakeClock
from teleop_collect.recording.recorder import EpisodeRecorder, StartRequest
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.streams import streams_of

from .processes import PAGE_BYTES
from .rig_file import write_rig
from .streams import CAMERAS, NumberedStream

SMALL_HZ, IMAGE_HZ = 20.0, 2.0
CHUNK_BYTES = 4096
"""A quarter of a simulated second's payload, as the age of a chunk makes it at full rates."""
QUEUE_BYTES = 1 << 20
WARM_UP = 0.1
"""Share of the episode after which memory is first looked at."""
REAL_TIME_S = 2.0
"""The end runs as fast as a clock does: the disk is then as far behind as in a real episode."""
SOFTWARE = {"version": "0", "commit": "0", "ros_distro": "none", "rmw": "none"}
STREAMS = (
    *(NumberedStream(f"cameras/{n}/color/image_raw", "color", IMAGE_HZ, 16, 12) for n in CAMERAS),
    NumberedStream("leader/joint_states", "joints", SMALL_HZ),
    NumberedStream("follower/joint_states", "joints", SMALL_HZ),
    NumberedStream("teleop/action_sent", "joints", SMALL_HZ),
    NumberedStream("follower/wrench", "wrench", SMALL_HZ),
)


def record(seconds: float, folder: Path) -> dict[str, float]:
    """Record one episode of so many simulated seconds; what it took."""
    rig = load_rig(str(write_rig(folder / "rig.yaml", "rated", chunk_bytes=CHUNK_BYTES)))
    streams = {f"/{s.topic}": s for s in streams_of(rig.rig)}
    clock = FakeClock()
    core = EpisodeRecorder(rig, folder / "root", clock, streams, SOFTWARE)
    core.start(StartRequest(task_id="load", override="load: no rig is attached"))
    feed(core, clock, seconds * WARM_UP)
    early_bytes = resident_bytes()
    feed(core, clock, seconds * (1.0 - WARM_UP) - REAL_TIME_S)
    grown_bytes = resident_bytes() - early_bytes
    feed(core, clock, REAL_TIME_S, in_real_time=True)
    began = time.monotonic()
    core.stop()
    stop_ms = (time.monotonic() - began) * 1e3
    core.close()
    return {"stop_ms": stop_ms, "rss_growth_mb": grown_bytes / 1e6}


def feed(
    core: EpisodeRecorder, clock: FakeClock, seconds: float, *, in_real_time: bool = False
) -> None:
    """Offer every message that is due while the clock runs on."""
    tick_s = 1.0 / SMALL_HZ
    every = round(SMALL_HZ / IMAGE_HZ)
    for tick in range(round(seconds / tick_s)):
        clock.advance_ns(round(tick_s * NS_PER_S))
        now_ns = clock.utc_ns()
        for stream in STREAMS:
            if not stream.is_image or tick % every == 0:
                number = tick // every if stream.is_image else tick
                core.offer(f"/{stream.topic}", stream.message(number, 0), now_ns)
        if in_real_time:
            time.sleep(tick_s)
        while core.queue_bytes > QUEUE_BYTES:
            time.sleep(0.001)


def resident_bytes() -> int:
    """Memory of this process alone."""
    fields = Path("/proc/self/statm").read_text().split()
    return (int(fields[1]) - int(fields[2])) * PAGE_BYTES


if __name__ == "__main__":
    print(json.dumps(record(float(sys.argv[1]), Path(sys.argv[2]))))
