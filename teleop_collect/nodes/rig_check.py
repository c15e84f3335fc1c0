"""Node `rig_check`: observes the rig's topics, runs the rig check and publishes the result.

Runs once by itself when the rig's streams are there, and again on request.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rclpy.serialization import deserialize_message
from std_msgs.msg import String
from std_srvs.srv import Trigger

from teleop_collect import topics
from teleop_collect.clock import SystemClock
from teleop_collect.nodes import conversions
from teleop_collect.nodes.diagnostics import DiagnosticsPublisher, Row
from teleop_collect.nodes.host import Host, run_node
from teleop_collect.nodes.polling import Taken
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.stream_readers import StreamReader, message_class, readers_of
from teleop_collect.process import prefer_data
from teleop_collect.recording.ledger import header_stamp_ns
from teleop_collect.recording.messages import starts_with_header
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.observation import Observation, Observer, Sample
from teleop_collect.rig.checks.report import RigCheckReport
from teleop_collect.rig.checks.run import run_checks
from teleop_collect.rig.streams import checked_streams, streams_of

DRAIN_S = 0.005
DISCOVERY_TIMEOUT_S = 10.0
OPTIONAL_TIMEOUT_S = 2.0
"""How long the check waits for streams that a rig may do without."""

DECODERS: dict[str, Callable[[Any], Sample]] = {
    topics.JOINT_STATE: conversions.joint_sample,
    topics.WRENCH_STAMPED: conversions.wrench_sample,
    topics.CAMERA_INFO: conversions.intrinsics,
    topics.DIAGNOSTIC_ARRAY: conversions.driver_statuses,
    topics.STRING: lambda message: str(message.data),
}
"""Types that checks look into; of everything else only times and counts are taken."""


def decode(type_name: str, data: bytes) -> Sample | None:
    """Content of a message for the checks; None for types they do not look into."""
    decoder = DECODERS.get(type_name)
    if decoder is None:
        return None
    return decoder(deserialize_message(data, message_class(type_name)))


class RigCheckNode:
    """Collects observations while a check runs, and nothing in between."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._loaded = host.rig()
        root = host.parameter("root", "", "folder for episodes; the rig file's when empty")
        self._root = Path(root or self._loaded.rig.recording.root).expanduser()
        self._clock = SystemClock()
        self._readers: list[StreamReader] = []
        self._report: RigCheckReport | None = None
        node = host.node
        self._result = node.create_publisher(
            String, topics.RIG_CHECK_RESULT, profile(topics.LATCHED_QOS)
        )
        node.create_service(Trigger, topics.RIG_CHECK_RUN, self._on_run)
        self._diagnostics = DiagnosticsPublisher(host, self._rows)

    def run(self) -> None:
        """Check once, then wait for requests."""
        self.check()
        self._host.stop.wait()

    def check(self) -> RigCheckReport:
        """Observe and judge; publishes the report."""
        with self._host.lock:
            context = CheckContext.of(self._loaded, self._observe(), self._root)
            self._report = report = run_checks(context, self._clock)
        self._result.publish(String(data=report.to_json()))
        log = self._host.node.get_logger()
        log.info(f"rig check: {report.result}")
        for failure in report.failures():
            log.error(f"{failure.check}: {failure.message}; {failure.todo}")
        return report

    def _observe(self) -> dict[str, Observation]:
        rig = self._loaded.rig
        said = [s for s in streams_of(rig) if s.topic == topics.DIAGNOSTICS]
        self._readers = readers_of(self._host.node, [*checked_streams(rig), *said])
        try:
            self._wait_for_publishers()
            observers = {r.topic: Observer(r.stream.topic) for r in self._readers}
            for reader in self._readers:
                if reader.last is not None:
                    _take(observers[reader.topic], reader, reader.last)
            deadline = time.monotonic() + self._loaded.rig.check.observe_s
            while time.monotonic() < deadline and not self._host.stop.is_set:
                time.sleep(DRAIN_S)
                for reader in self._readers:
                    for taken in reader.drain():
                        _take(observers[reader.topic], reader, taken)
            return {
                r.stream.topic: observers[r.topic].observation(
                    tuple(sorted({e.topic_type for e in r.endpoints})), len(r.endpoints), r.offered
                )
                for r in self._readers
            }
        finally:
            for reader in self._readers:
                reader.close()

    def _wait_for_publishers(self) -> None:
        deadline = time.monotonic() + DISCOVERY_TIMEOUT_S
        while time.monotonic() < deadline and not self._host.stop.wait(0.05):
            for reader in self._readers:
                reader.refresh()
            late = time.monotonic() > deadline - DISCOVERY_TIMEOUT_S + OPTIONAL_TIMEOUT_S
            if all(r.endpoints for r in self._readers if r.stream.required or not late):
                break
        # Matching takes a moment; what arrived meanwhile would look like a gap.
        self._host.stop.wait(0.2)
        for reader in self._readers:
            for _ in reader.drain():
                pass

    def _on_run(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        report = self.check()
        response.success = report.result == "pass"
        response.message = report.to_json()
        return response

    def _rows(self) -> list[Row]:
        if self._report is None:
            return [("rig_check: result", "stale", "not run yet", {})]
        level = "ok" if self._report.result == "pass" else "error"
        return [("rig_check: result", level, self._report.result, {"at_ns": self._report.at_ns})]

    def close(self) -> None:
        """Nothing stays open between checks."""


def _take(observer: Observer, reader: StreamReader, taken: Taken) -> None:
    stream = reader.stream
    stamp_ns = header_stamp_ns(taken.message) if starts_with_header(stream.type) else None
    observer.receive(taken.received_ns, stamp_ns, decode(stream.type, taken.message))


def main() -> int:
    """Entry point."""
    prefer_data()
    return run_node("rig_check", RigCheckNode)


if __name__ == "__main__":
    raise SystemExit(main())
