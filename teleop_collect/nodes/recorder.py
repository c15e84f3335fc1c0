"""Node `recorder`: from the rig's topics to one durable folder an episode.

The main thread drains every stream each few milliseconds and hands the bytes on; nothing is
deserialised, compressed or written in it. Services only ask the core.
"""

import threading

from teleop_collect.clock import PacedLoop, SystemClock
from teleop_collect.nodes.diagnostics import DiagnosticsPublisher, Row
from teleop_collect.nodes.gate import RigGate
from teleop_collect.nodes.host import Host, run_node
from teleop_collect.nodes.recorder_parameters import RecorderParameters
from teleop_collect.nodes.recorder_rows import rows_of
from teleop_collect.nodes.recorder_services import RecorderServices
from teleop_collect.nodes.software import software_versions
from teleop_collect.nodes.stream_intake import StreamIntake
from teleop_collect.nodes.stream_readers import readers_of
from teleop_collect.process import prefer_data, settle_memory
from teleop_collect.provenance.manifest import Termination
from teleop_collect.recording.recorder import EpisodeRecorder
from teleop_collect.rig.streams import streams_of

DRAIN_HZ = 100.0
"""The middleware stamps and keeps what comes meanwhile; each look at every topic costs."""
WATCH_TICKS = 10
"""Drains between two looks for silent and losing streams: 0.1 s."""
REFRESH_S = 0.5
"""How often the graph is asked who publishes."""


class RecorderNode:
    """Drains and watches; services beside it answer; all rules live in the core."""

    def __init__(self, host: Host) -> None:
        self._host = host
        loaded = host.rig()
        parameters = RecorderParameters(host, loaded.rig)
        gate = RigGate(host, loaded)
        readers = readers_of(host.node, streams_of(loaded.rig))
        self._clock = SystemClock()
        self._core = EpisodeRecorder(
            loaded,
            parameters.root,
            self._clock,
            {reader.topic: reader.stream for reader in readers},
            software_versions(),
        )
        self._core.interrupted.begin()
        self._intake = StreamIntake(readers, self._core)
        self._services = RecorderServices(
            host,
            loaded.rig,
            self._core,
            self._intake,
            parameters,
            lambda: parameters.request(gate, readers, self._core.progress.count),
        )
        self._ending: threading.Thread | None = None
        self._refresh()
        host.node.create_timer(REFRESH_S, self._refresh)
        self._diagnostics = DiagnosticsPublisher(host, self._rows)

    def _refresh(self) -> None:
        with self._host.lock:
            self._intake.refresh()

    def run(self) -> None:
        """Drain until the stop."""
        settle_memory()
        loop = PacedLoop(DRAIN_HZ, self._clock)
        ticks = 0
        while not self._host.stop.is_set:
            loop.wait()
            ticks += 1
            with self._host.lock:
                self._intake.drain()
                reason = self._must_stop()
            if ticks % WATCH_TICKS == 0:
                self._core.watch_streams()
            self._services.publish_events()
            if reason is not None and self._ending is None:
                # Not here: closing takes a moment, and other streams go on meanwhile.
                self._ending = threading.Thread(target=self._end_by_itself, args=[reason])
                self._ending.start()

    def _must_stop(self) -> Termination | None:
        if self._intake.take_arm_fault() and self._core.is_recording:
            return "fault"
        return self._core.must_stop()

    def _end_by_itself(self, reason: Termination) -> None:
        try:
            self._services.end_by_itself(reason)
        finally:
            self._ending = None

    def _rows(self) -> list[Row]:
        return rows_of(self._core, self._intake.problems)

    def close(self) -> None:
        """Finish a running episode; it is kept."""
        result = self._core.close()
        if result is not None:
            self._host.node.get_logger().info(f"{result.path.name}: finished on exit")


def main() -> int:
    """Entry point."""
    prefer_data()
    return run_node("recorder", RecorderNode)


if __name__ == "__main__":
    raise SystemExit(main())
