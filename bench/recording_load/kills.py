"""kill -9 at a random moment of a real recording, and what the next start makes of it.

Recorders are killed in rounds: nobody starts, salvages or compares while recordings run, or the
figures would be of that. A canary beside them tells when the machine itself stalled.
"""

import random
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.context import Context
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from teleop_collect import topics
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.rig_client import RigClient
from teleop_collect.recording.transport_loss import UNKNOWN

from .canary import Canary
from .contents import Recorded, StreamContents, contents_of, read_interrupted, read_mcap
from .held_ports import hold, udp_ports
from .processes import Publisher, Recorder, own_domain, wait_until
from .publisher import mapped_counts
from .rig_file import write_rig
from .streams import LOADS

READY_S = 60.0
DEAF_S = 15.0
"""A recorder that has heard nothing for so long will not."""
REPLACEMENTS = 2
LAST_MOMENTS_S = 1.5
"""What is lost at a kill is decided in so much time before it."""
QUIET_S = 0.2
"""A machine that stalled for longer in the last moments says nothing about the recorder."""


@dataclass(frozen=True)
class Kill:
    """One recording that was killed, as recovered.

    Attributes:
        episode_id: which.
        start_s: time from the request to start to its answer.
        after_s: time from the answer to its start to the kill.
        loss_s: seconds of data that the kill took, of the stream that lost most: messages
            published before the kill and later than the last one recovered, over their rate.
        disturbed_s: longest time for which a process beside it got nothing done on core and disk,
            in the last moments before the kill (and since the request to start, if younger).
        left: messages of the load in the whole chunks of the file as the kill left it.
        messages: messages of the load in the recovered file.
        corrupted: of them, those with other bytes than were sent.
        foreign: messages without a number: of another publisher, or damaged.
        misnumbered: messages with another publication number than they were published under.
        holes: missing between the first and the last message of a stream.
        duplicates: messages that stand in the file twice.
        salvage_s: from the start of the next recorder to the finding of the recovered episode.
    """

    episode_id: str
    start_s: float
    after_s: float
    loss_s: float
    disturbed_s: float
    left: int
    messages: int
    corrupted: int
    foreign: int
    misnumbered: int
    holes: int
    duplicates: int
    salvage_s: float

    @property
    def is_quiet(self) -> bool:
        """Whether the machine let the recorder work, so that the loss is the recorder's."""
        return self.disturbed_s <= QUIET_S

    @property
    def is_intact(self) -> bool:
        """Whether all that was left is recovered, once each, as it was sent."""
        wrong = self.corrupted + self.foreign + self.misnumbered + self.duplicates
        return not wrong and self.messages == self.left


@dataclass(frozen=True)
class Killed:
    """A recording that was killed and is not recovered yet; see `Kill`.

    Attributes:
        before: messages published of each stream when the start was asked for.
        sent: messages published when it was killed.
    """

    episode_id: str
    start_s: float
    after_s: float
    disturbed_s: float
    before: Sequence[int]
    sent: Sequence[int]


class Lane:
    """One dataset root, and one recorder after the other that is killed on it.

    Attributes:
        root: the dataset root.
        recorder: the one that runs now.
        client: of its services.
        replaced: recorders that heard nothing after their predecessor had been killed.
    """

    def __init__(self, run: "KillRun", number: int) -> None:
        self.root = run.folder / f"root_{number}"
        self._run = run
        self._random = random.Random(f"{run.seed}/{number}")
        self._log = run.folder / f"recorder_{number}.log"
        self.replaced = 0
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

    def await_streams(self) -> None:
        """Wait until every stream reaches the recorder; a deaf one is replaced (`held_ports`)."""
        for _ in range(REPLACEMENTS):
            self.recorder.wait_ready(self.client)
            with suppress(TimeoutError):
                self._run.wait_flowing(self.recorder, DEAF_S)
                return
            self.replaced += 1
            ports = udp_ports(self.recorder.handle.pid)
            self.recorder.end(signal.SIGTERM)
            self._recorders.close()
            hold(ports, self._stack)
            self.launch()
        self.recorder.wait_ready(self.client)
        self._run.wait_flowing(self.recorder)

    def start(self) -> str:
        """Start an episode once every stream reaches the recorder; its id."""
        self.await_streams()
        return self.recorder.start(self.client)

    def record_and_kill(self, earliest_s: float, latest_s: float) -> "Killed":
        """Record and kill at a random moment.

        Args:
            earliest_s: least time from the start of the episode to the kill.
            latest_s: most.
        """
        before, asked_s = self._run.sent(), time.monotonic()
        episode_id = self.recorder.start(self.client)
        began_s = time.monotonic()
        time.sleep(self._random.uniform(earliest_s, latest_s))
        killed_s, sent = time.monotonic(), self._run.sent()
        self.recorder.end(signal.SIGKILL)
        self._recorders.close()
        decided_s = asked_s if began_s > killed_s - LAST_MOMENTS_S else killed_s - LAST_MOMENTS_S
        return Killed(
            episode_id=episode_id,
            start_s=began_s - asked_s,
            after_s=killed_s - began_s,
            disturbed_s=self._run.canary.worst_delay_s(decided_s, killed_s),
            before=before,
            sent=sent,
        )

    def recover(self, killed: "Killed") -> Kill:
        """Start the next recorder and read what it recovered."""
        episode_id = killed.episode_id
        left = self._run.contents(read_interrupted(self._active(episode_id)))
        restarted_s = time.monotonic()
        self.launch()
        folder = self.root / "episodes" / episode_id
        wait_until((folder / "manifest.json").exists, READY_S, f"the salvage of {episode_id}")
        salvage_s = time.monotonic() - restarted_s
        found = self._run.contents(read_mcap(folder / f"{episode_id}.mcap"))
        self._free(episode_id)
        return Kill(
            episode_id=episode_id,
            start_s=killed.start_s,
            after_s=killed.after_s,
            loss_s=self._run.loss_s(found, killed.before, killed.sent),
            disturbed_s=killed.disturbed_s,
            left=sum(len(c.numbers) for c in left.values()),
            messages=sum(len(c.numbers) for c in found.values()),
            corrupted=sum(c.corrupted for c in found.values()),
            foreign=sum(c.foreign for c in found.values()),
            misnumbered=sum(c.misnumbered for c in found.values()),
            holes=sum(c.holes for c in found.values()),
            duplicates=sum(c.duplicates for c in found.values()),
            salvage_s=salvage_s,
        )

    def _active(self, episode_id: str) -> Path:
        return self.root / "inprogress" / episode_id / f"{episode_id}.mcap.active"

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
        canary: tells when the machine stalled.
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
            counts = self.folder / "sent"
            options = ("--at-once", "--counts", str(counts))
            self._publisher = stack.enter_context(Publisher(self._load, log, *options))
            self.canary = stack.enter_context(
                Canary(self.folder / "canary", self.folder / "canary.log")
            )
            self._counts = stack.enter_context(mapped_counts(counts))
            for number in range(self._lane_count):
                lane = Lane(self, number)
                stack.callback(lane.close)
                self.lanes.append(lane)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def kill(
        self, count: int, earliest_s: float, latest_s: float, at_most: int | None = None
    ) -> list[Kill]:
        """Kill recordings in rounds, one a lane, until `count` were killed in quiet moments.

        Args:
            count: how many of those are wanted.
            earliest_s: least time from the start of an episode to its kill.
            latest_s: most.
            at_most: recordings in all, also where the machine has fewer quiet moments; `count`
                when None.
        """
        kills: list[Kill] = []
        left = count if at_most is None else at_most
        with ThreadPoolExecutor(len(self.lanes)) as pool:
            while wanted := min(count - sum(k.is_quiet for k in kills), left - len(kills)):
                lanes = self.lanes[:wanted]
                list(pool.map(Lane.await_streams, lanes))
                killed = list(
                    pool.map(lambda lane: lane.record_and_kill(earliest_s, latest_s), lanes)
                )
                kills += pool.map(Lane.recover, lanes, killed)
        return kills

    def wait_flowing(self, recorder: Recorder, patience_s: float = READY_S) -> None:
        """Until a recorder says that it receives every stream of the load.

        Raises:
            TimeoutError: it does not in time.
        """
        rows = {f"recorder: /{stream.topic}" for stream in self._streams}
        with self._graph:
            diagnostics = PolledSubscription(
                self._observer, DiagnosticArray, recorder.diagnostics, profile(topics.EVENT_QOS)
            )

        def flowing() -> bool:
            newest = diagnostics.newest()
            if newest is None:
                return False
            flows = {s.name for s in newest.message.status if _rate(s) > 0}
            return rows <= flows

        try:
            wait_until(flowing, patience_s, f"every stream at {recorder.name}")
        finally:
            with self._graph:
                diagnostics.close()

    def contents(self, messages: Iterator[Recorded]) -> dict[str, StreamContents]:
        """What a file holds of the load."""
        return contents_of(messages, self._streams, self._publisher.base_ns)

    def sent(self) -> list[int]:
        """How many messages of each stream have been published."""
        return list(self._counts)

    def loss_s(
        self, found: Mapping[str, StreamContents], before: Sequence[int], sent: Sequence[int]
    ) -> float:
        """Seconds of data missing at the end of a file, of the stream that misses most.

        Args:
            found: what the file holds.
            before: messages published of each stream when the episode began.
            sent: messages published when it ended.
        """
        losses_s = []
        for stream, first, end in zip(self._streams, before, sent, strict=True):
            last = found[stream.topic].last
            losses_s.append((end - (first if last is None else last + 1)) / stream.hz)
        return max(0.0, *losses_s)


def _rate(status: DiagnosticStatus) -> float:
    """Messages a second that a row of the recorder's tells; 0 when it tells none."""
    texts = [value.value for value in status.values if value.key == "hz"]
    return float(texts[0]) if texts and texts[0] != UNKNOWN else 0.0


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
