"""kill -9 at a random moment of a real recording, and what the next start makes of it."""

import random
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import rclpy
from rclpy.context import Context
from rclpy.signals import SignalHandlerOptions

from teleop_collect.nodes.rig_client import RigClient

from .contents import StreamContents, contents_of, read_mcap
from .processes import Publisher, Recorder, own_domain, wait_until
from .rig_file import write_rig
from .streams import LOADS, NS_PER_S, NumberedStream

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
        holes: missing between the first and the last message of a stream.
        duplicates: messages that stand in the file twice.
        salvage_s: from the start of the next recorder to the finding of the recovered episode.
    """

    episode_id: str
    after_s: float
    loss_s: float
    messages: int
    corrupted: int
    holes: int
    duplicates: int
    salvage_s: float


class KillRun:
    """A publisher that never stops, and one recorder after the other that is killed.

    Args:
        folder: for the rig file, logs and the dataset root.
        load: name in `LOADS`.
        seed: of the random moments.
        recording: settings of the rig file.
    """

    def __init__(self, folder: Path, load: str, seed: int = 0, **recording: object) -> None:
        self.root = folder / "root"
        self._streams = LOADS[load]
        self._folder = folder
        self._load = load
        self._rig = write_rig(folder / "rig.yaml", load, **recording)
        self._random = random.Random(seed)
        self._stack = ExitStack()
        self._recorder: Recorder

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(own_domain())
            self._context = Context()
            options = {"signal_handler_options": SignalHandlerOptions.NO}
            rclpy.init(args=[], context=self._context, **options)
            stack.callback(rclpy.shutdown, context=self._context)
            self._observer = rclpy.create_node("observer", context=self._context)
            stack.callback(self._observer.destroy_node)
            self._client = stack.enter_context(RigClient())
            log = self._folder / "publisher.log"
            self._publisher = stack.enter_context(Publisher(self._load, log, "--at-once"))
            self._recorders = stack.enter_context(ExitStack())
            self._launch()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def recorder(self) -> Recorder:
        """The recorder that runs now."""
        return self._recorder

    @property
    def client(self) -> RigClient:
        """A client on the run's domain."""
        return self._client

    def _launch(self) -> None:
        log = self._folder / "recorder.log"
        self._recorder = self._recorders.enter_context(Recorder(self._rig, self.root, log))

    def wait_recording(self) -> str:
        """Start an episode once every stream has its reader; the episode's id."""
        self._recorder.wait_ready(self._client)
        wait_until(self._is_read, READY_S, "the recorder's readers")
        return self._recorder.start(self._client)

    def _is_read(self) -> bool:
        def readers(stream: NumberedStream) -> Iterator[str]:
            for endpoint in self._observer.get_subscriptions_info_by_topic(f"/{stream.topic}"):
                yield endpoint.node_name

        return all(self._recorder.name in readers(stream) for stream in self._streams)

    def kill_once(self, earliest_s: float, latest_s: float) -> Kill:
        """Record, kill at a random moment, start the next recorder, read what it recovered.

        Args:
            earliest_s: least time from the start of the episode to the kill.
            latest_s: most.
        """
        episode_id = self.wait_recording()
        started_ns = time.time_ns()
        time.sleep(self._random.uniform(earliest_s, latest_s))
        killed_ns = time.time_ns()
        self._recorder.end(signal.SIGKILL)
        self._recorders.close()
        restarted = time.monotonic()
        self._launch()
        folder = self.root / "episodes" / episode_id
        wait_until((folder / "manifest.json").exists, READY_S, f"the salvage of {episode_id}")
        salvage_s = time.monotonic() - restarted
        messages = read_mcap(folder / f"{episode_id}.mcap")
        found = contents_of(messages, self._streams, self._publisher.base_ns)
        return Kill(
            episode_id=episode_id,
            after_s=(killed_ns - started_ns) / NS_PER_S,
            loss_s=self._loss_s(found, started_ns, killed_ns),
            messages=sum(len(c.numbers) for c in found.values()),
            corrupted=sum(c.corrupted for c in found.values()),
            holes=sum(c.holes for c in found.values()),
            duplicates=sum(c.duplicates for c in found.values()),
            salvage_s=salvage_s,
        )

    def _loss_s(self, found: dict[str, StreamContents], started_ns: int, killed_ns: int) -> float:
        """Time before the kill that is missing, of the stream that misses most."""
        base_ns, first_lost_ns = self._publisher.base_ns, killed_ns
        for stream in self._streams:
            last = found[stream.topic].last
            lost_ns = started_ns if last is None else stream.due_ns(last + 1, base_ns)
            first_lost_ns = min(first_lost_ns, lost_ns)
        return (killed_ns - first_lost_ns) / NS_PER_S


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, -int(-share * len(ordered) // 1) - 1))]
