"""kill -9 at a random moment of a real recording, and what the next start makes of it."""

import itertools
import random
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import rclpy
from rclpy.context import Context
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from teleop_collect.nodes.rig_client import RigClient

from .contents import StreamContents, contents_of, read_mcap
from .processes import Publisher, Recorder, own_domain, wait_until
from .rig_file import write_rig
from .streams import LOADS, NS_PER_S

READY_S = 60.0


@dataclass(frozen=True)
class Kill:
    """One recording that was killed, as recovered.

    Attributes:
        episode_id: which.
        after_s: time from its start to the kill.
        loss_s: of the stream that lost most: from the first message that is not in the file to the
            kill.
        messages: of the load in the recovered file.
        corrupted: of them, those with other bytes than were sent.
        foreign: messages without a number: of another publisher, or damaged.
        holes: missing between the first and the last message of a stream.
        duplicates: messages that stand in the file twice.
        salvage_s: from the start of the next recorder to the finding of the recovered episode.
    """

    episode_id: str
    after_s: float
    loss_s: float
    messages: int
    corrupted: int
    foreign: int
    holes: int
    duplicates: int
    salvage_s: float


class Lane:
    """One dataset root, and one recorder after the other that is killed on it.

    Attributes:
        root: the dataset root.
        recorder: the one that runs now.
        client: of its services.
    """

    def __init__(self, run: "KillRun", number: int) -> None:
        self.root = run.folder / f"root_{number}"
        self._run = run
        self._random = random.Random(f"{run.seed}/{number}")
        self._log = run.folder / f"recorder_{number}.log"
        self._stack = ExitStack()
        self.client = self._stack.enter_context(RigClient())
        self._recorders = self._stack.enter_context(ExitStack())
        self.launch()

    def launch(self) -> None:
        """Start a recorder; it salvages what its predecessor left."""
        self.recorder = Recorder(self._run.rig, self.root, self._log)
        self._recorders.enter_context(self.recorder)

    def close(self) -> None:
        """End the recorder."""
        self._stack.close()

    def start(self) -> str:
        """Start an episode once every stream has its reader; its id."""
        self.recorder.wait_ready(self.client)
        reads = f"the readers of {self.recorder.name}"
        wait_until(lambda: self._run.is_read_by(self.recorder.name), READY_S, reads)
        return self.recorder.start(self.client)

    def kill_once(self, earliest_s: float, latest_s: float) -> Kill:
        """Record, kill at a random moment, start the next recorder, read what it recovered.

        Args:
            earliest_s: least time from the start of the episode to the kill.
            latest_s: most.
        """
        episode_id = self.start()
        started_ns = time.time_ns()
        time.sleep(self._random.uniform(earliest_s, latest_s))
        killed_ns = time.time_ns()
        self.recorder.end(signal.SIGKILL)
        self._recorders.close()
        restarted = time.monotonic()
        self.launch()
        folder = self.root / "episodes" / episode_id
        wait_until((folder / "manifest.json").exists, READY_S, f"the salvage of {episode_id}")
        salvage_s = time.monotonic() - restarted
        found = self._run.contents(folder / f"{episode_id}.mcap")
        self._free(episode_id)
        return Kill(
            episode_id=episode_id,
            after_s=(killed_ns - started_ns) / NS_PER_S,
            loss_s=self._run.loss_s(found, started_ns, killed_ns),
            messages=sum(len(c.numbers) for c in found.values()),
            corrupted=sum(c.corrupted for c in found.values()),
            foreign=sum(c.foreign for c in found.values()),
            holes=sum(c.holes for c in found.values()),
            duplicates=sum(c.duplicates for c in found.values()),
            salvage_s=salvage_s,
        )

    def _free(self, episode_id: str) -> None:
        """Remove what was recorded, both as left and as recovered; the folders stay."""
        for path in self.root.glob(f"*/{episode_id}/*.mcap*"):
            path.unlink()


class KillRun:
    """A publisher that never stops, and recorders that are killed.

    Args:
        folder: for the rig file, logs and dataset roots.
        load: name in `LOADS`.
        seed: of the random moments.
        lanes: roots that are recorded to side by side; starting a recorder takes longer than a
            short recording.

    Attributes:
        lanes: one for each root.
        rig: the rig file.
    """

    def __init__(self, folder: Path, load: str, seed: int = 0, lanes: int = 1) -> None:
        self.folder = folder
        self.seed = seed
        self.rig = write_rig(folder / "rig.yaml", load)
        self.lanes: list[Lane] = []
        self._load = load
        self._streams = LOADS[load]
        self._lane_count = lanes
        self._graph = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(own_domain())
            self._observer = stack.enter_context(_observer())
            log = self.folder / "publisher.log"
            self._publisher = stack.enter_context(Publisher(self._load, log, "--at-once"))
            for number in range(self._lane_count):
                lane = Lane(self, number)
                stack.callback(lane.close)
                self.lanes.append(lane)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def kill(self, count: int, earliest_s: float, latest_s: float) -> list[Kill]:
        """Kill `count` recordings, each lane its share."""
        left = itertools.repeat(None, count)
        with ThreadPoolExecutor(len(self.lanes)) as pool:
            shares = pool.map(
                lambda lane: [lane.kill_once(earliest_s, latest_s) for _ in left], self.lanes
            )
            return [kill for share in shares for kill in share]

    def is_read_by(self, node: str) -> bool:
        """Whether a node reads every stream of the load."""
        with self._graph:
            readers = [
                self._observer.get_subscriptions_info_by_topic(f"/{stream.topic}")
                for stream in self._streams
            ]
        return all(node in (endpoint.node_name for endpoint in found) for found in readers)

    def contents(self, path: Path) -> dict[str, StreamContents]:
        """What a file holds of the load."""
        return contents_of(read_mcap(path), self._streams, self._publisher.base_ns)

    def loss_s(self, found: dict[str, StreamContents], started_ns: int, killed_ns: int) -> float:
        """Time before the kill that is missing, of the stream that misses most."""
        base_ns, first_lost_ns = self._publisher.base_ns, killed_ns
        for stream in self._streams:
            last = found[stream.topic].last
            lost_ns = started_ns if last is None else stream.due_ns(last + 1, base_ns)
            first_lost_ns = min(first_lost_ns, lost_ns)
        return (killed_ns - first_lost_ns) / NS_PER_S


@contextmanager
def _observer() -> Iterator[Node]:
    """A node that only looks at the graph."""
    context = Context()
    rclpy.init(args=[], context=context, signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node("observer", context=context)
    try:
        yield node
    finally:
        node.destroy_node()
        rclpy.shutdown(context=context)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, -int(-share * len(ordered) // 1) - 1))]
