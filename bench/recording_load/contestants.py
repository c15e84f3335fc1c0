"""Recorders that are given the same load, one after the other, each in a process of its own."""

import json
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from teleop_collect.nodes.rig_client import RigClient
from teleop_collect.recording.transport_loss import UNKNOWN

from .contents import Recorded, contents_of, read_interrupted, read_mcap
from .floor import read_plain
from .processes import Process, Publisher, Recorder
from .rig_file import write_rig
from .streams import LOADS

LAST_MESSAGES_S = 1.0
"""Time that each recorder gets after the last message was published."""


@dataclass(frozen=True)
class Run:
    """What is published and where files go; `burst_s` is 0 for messages sent when they are due."""

    load: str
    seconds: float
    burst_s: float
    folder: Path

    def publisher(self) -> Publisher:
        """The load's publisher, waiting for readers."""
        options = ("--seconds", str(self.seconds), "--burst-s", str(self.burst_s))
        return Publisher(self.load, self.folder / "publisher.log", *options)


@dataclass(frozen=True)
class Outcome:
    """What one recorder did.

    Attributes:
        recorded_bytes: payload of the load in its file.
        cpu_s: processor time from the first message to the end of the process.
        sent: messages published.
        missing: of them, those not in the file, by topic.
        corrupted: messages with other bytes than were sent.
        behind_ms: how late the publisher was at most.
        peak_bytes: its largest resident memory, shared memory left out.
    """

    recorded_bytes: int
    cpu_s: float
    sent: int
    missing: dict[str, int]
    corrupted: int
    behind_ms: float
    peak_bytes: int

    @property
    def cpu_s_per_gb(self) -> float:
        """Processor seconds for each 10^9 bytes recorded."""
        return self.cpu_s / (self.recorded_bytes / 1e9)


@dataclass(frozen=True)
class Published:
    """One passage of the load."""

    sent: dict[str, int]
    base_ns: int
    behind_ms: float
    cpu_before_s: float
    peak_bytes: int


@dataclass(frozen=True)
class Accounted:
    """Losses of one topic that the recorder's own ledger tells.

    Attributes:
        dropped_queue: received and given up, because the disk was slower than the load.
        lost_transport: published and never received; None where the ledger says unknown.
    """

    dropped_queue: int
    lost_transport: int | None

    @property
    def told(self) -> int:
        """Messages that are lost, as far as the ledger knows."""
        return self.dropped_queue + (self.lost_transport or 0)

    def explains(self, missing: int) -> bool:
        """Whether exactly so many messages are missing in the file."""
        return missing == self.told


def publish(run: Run, publisher: Publisher, recorder: Process) -> Published:
    """The load from its first message to its last."""
    before_s, peak = recorder.cpu_s, 0
    publisher.go()
    end = time.monotonic() + run.seconds + LAST_MESSAGES_S
    while time.monotonic() < end:
        peak = max(peak, recorder.private_bytes)
        time.sleep(0.25)
    told = publisher.wait_sent()
    time.sleep(LAST_MESSAGES_S)
    return Published(told["sent"], publisher.base_ns, told["behind_ms"], before_s, peak)


def outcome_of(
    run: Run, messages: Iterator[Recorded], recorder: Process, load: Published
) -> Outcome:
    found = contents_of(messages, LOADS[run.load], load.base_ns)
    return Outcome(
        recorded_bytes=sum(contents.bytes for contents in found.values()),
        cpu_s=recorder.cpu_s - load.cpu_before_s,
        sent=sum(load.sent.values()),
        missing={topic: found[topic].missing(count) for topic, count in load.sent.items()},
        corrupted=sum(contents.corrupted + contents.foreign for contents in found.values()),
        behind_ms=load.behind_ms,
        peak_bytes=load.peak_bytes,
    )


def ours(run: Run, compression: str) -> tuple[Outcome, dict[str, Accounted]]:
    """This package's recorder node, started and stopped by its services; and what it says of it.

    Args:
        run: what to record.
        compression: of chunks.

    Returns:
        What its file holds, and its ledger by topic.
    """
    rig = write_rig(run.folder / "rig.yaml", run.load, compression=compression)
    log = run.folder / "recorder.log"
    with (
        Recorder(rig, run.folder / "root", log) as recorder,
        RigClient() as client,
        run.publisher() as publisher,
    ):
        recorder.wait_ready(client)
        publisher.wait_matched()
        recorder.start(client)
        load = publish(run, publisher, recorder)
        episode = recorder.stop(client)
        recorder.end(signal.SIGINT)
    outcome = outcome_of(run, read_mcap(episode / f"{episode.name}.mcap"), recorder, load)
    ledger = json.loads((episode / "manifest.json").read_text())["streams"]
    return outcome, {topic: accounted(ledger[f"/{topic}"]) for topic in load.sent}


def accounted(entry: Mapping[str, int | str]) -> Accounted:
    """What a manifest's ledger says of one stream."""
    lost = entry["lost_transport"]
    return Accounted(int(entry["dropped_queue"]), None if lost == UNKNOWN else int(lost))


def floor(run: Run) -> Outcome:
    """Raw takes to a plain file."""
    path = run.folder / "plain"
    with _recorder(run, "floor", path) as recorder, run.publisher() as publisher:
        load = record_all(run, recorder, publisher)
    return outcome_of(run, read_plain(path, run.load), recorder, load)


def deserialising(run: Run, compression: str) -> Outcome:
    """Message objects to mcap_ros2's writer; `compression` is zstd, its default, or none."""
    path = run.folder / "peer.mcap"
    with (
        _recorder(run, "deserialising", path, compression) as recorder,
        run.publisher() as publisher,
    ):
        load = record_all(run, recorder, publisher)
    # Whatever it has written, should it not come to its end.
    return outcome_of(run, read_interrupted(path), recorder, load)


def _recorder(run: Run, module: str, path: Path, *options: str) -> Process:
    command = [sys.executable, "-m", f"recording_load.{module}", run.load, str(path), *options]
    return Process(command, run.folder / f"{module}.log")


def record_all(run: Run, recorder: Process, publisher: Publisher) -> Published:
    """A recorder that records from its start to its interrupt."""
    publisher.wait_matched()
    load = publish(run, publisher, recorder)
    recorder.end(signal.SIGINT)
    return load
