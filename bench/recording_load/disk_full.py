"""A disk that fills while an episode is recorded, on a small file system in memory."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import rclpy
from mcap.exceptions import McapError
from mcap.reader import make_reader
from rclpy.context import Context
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import String

from teleop_collect import topics
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.rig_client import RigClient

from .contents import contents_of, read_mcap
from .processes import Publisher, Recorder, own_domain, wait_until
from .rig_file import write_rig
from .streams import LOADS

POLL_S = 0.005
FULL_TIMEOUT_S = 60.0
CHUNK_BYTES = 1 << 20
PAGE_BYTES = 4096
FILLER_S = 0.001
"""How soon a greedy process tries again."""


@dataclass(frozen=True)
class FullDisk:
    """What became of an episode whose disk filled.

    Attributes:
        footer: whether the file was published whole, with its summary and footer.
        alarm_s: from less than a chunk being free to the fault told on `episode/event`.
        messages: of the load in the file.
        corrupted: of them, those with other bytes than were sent.
        holes: missing between the first and the last message of a stream.
        node_alive: whether the recorder still answered afterwards.
    """

    footer: bool
    alarm_s: float
    messages: int
    corrupted: int
    holes: int
    node_alive: bool


def may_mount() -> bool:
    """Whether this process may mount file systems."""
    return os.geteuid() == 0 and shutil.which("mount") is not None and _mounts()


def _mounts() -> bool:
    folder = Path("/tmp") / f"teleop_collect-mount-{os.getpid()}"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=False, capture_output=True
    )
    if done.returncode == 0:
        subprocess.run(["umount", folder], check=True)
    folder.rmdir()
    return done.returncode == 0


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of a fixed size, mounted while the context lasts."""
    folder.mkdir()
    size = f"size={megabytes}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill_disk(folder: Path, load: str, megabytes: int, *, by_another: bool) -> FullDisk:
    """Record until the disk is full.

    Args:
        folder: for logs and the mount.
        load: name in `LOADS`.
        megabytes: size of the disk.
        by_another: another process takes all that is free once recording runs; else the episode
            itself fills the disk.
    """
    folder.mkdir()
    with small_disk(folder / "disk", megabytes) as disk, own_domain(), RigClient() as client:
        rig = write_rig(folder / "rig.yaml", load)
        with (
            Recorder(rig, disk, folder / "recorder.log") as recorder,
            Publisher(load, folder / "publisher.log") as publisher,
            _events() as events,
        ):
            recorder.wait_ready(client)
            publisher.wait_matched()
            episode_id = recorder.start(client)
            publisher.go()
            active = disk / "inprogress" / episode_id / f"{episode_id}.mcap.active"
            with ExitStack() as filling:
                if by_another:
                    wait_until(lambda: active.stat().st_size > 4 << 20, 20, "some megabytes")
                    filling.enter_context(_greedy(disk))
                alarm_s = _alarm_s(disk, events)
                final = disk / "episodes" / episode_id
                wait_until((final / "manifest.json").exists, 30, "the finished episode")
            publisher.stop()
            found, footer = _read(final / f"{episode_id}.mcap", load, publisher.base_ns)
            alive = recorder.handle.poll() is None
    return FullDisk(
        footer=footer,
        alarm_s=alarm_s,
        messages=sum(len(c.numbers) for c in found.values()),
        corrupted=sum(c.corrupted + c.foreign for c in found.values()),
        holes=sum(c.holes for c in found.values()),
        node_alive=alive,
    )


def _read(path: Path, load: str, base_ns: int):
    try:
        with path.open("rb") as file:
            footer = make_reader(file).get_summary() is not None
    except McapError:
        footer = False
    return contents_of(read_mcap(path), LOADS[load], base_ns), footer


@contextmanager
def _greedy(disk: Path) -> Iterator[None]:
    """Fill what is free as another process would, and again whatever becomes free meanwhile."""
    ended = threading.Event()
    filler = threading.Thread(target=_take_all, args=(disk / "filler", ended), daemon=True)
    filler.start()
    try:
        yield
    finally:
        ended.set()
        filler.join()


def _take_all(path: Path, ended: threading.Event) -> None:
    with path.open("wb") as file:
        size, step = 0, CHUNK_BYTES
        while not ended.is_set():
            try:
                os.posix_fallocate(file.fileno(), size, step)
                size += step
            except OSError:
                step = max(PAGE_BYTES, step // 2)
                time.sleep(FILLER_S)


@contextmanager
def _events() -> Iterator[PolledSubscription]:
    """Readers of `episode/event`."""
    context = Context()
    rclpy.init(args=[], context=context, signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node("operator", context=context)
    try:
        yield PolledSubscription(node, String, topics.EPISODE_EVENT, profile(topics.EVENT_QOS))
    finally:
        node.destroy_node()
        rclpy.shutdown(context=context)


def _alarm_s(disk: Path, events: PolledSubscription) -> float:
    """Wait for the fault; seconds since less than a chunk was free."""
    full: float | None = None
    deadline = time.monotonic() + FULL_TIMEOUT_S
    while time.monotonic() < deadline:
        if full is None and shutil.disk_usage(disk).free < CHUNK_BYTES:
            full = time.monotonic()
        if any('"kind": "fault"' in taken.message.data for taken in events.drain()):
            return 0.0 if full is None else time.monotonic() - full
        time.sleep(POLL_S)
    raise TimeoutError("the disk did not fill, or nobody told of it")
