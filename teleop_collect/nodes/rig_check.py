"""Node `rig_check`: observes the rig's topics, runs the rig check and publishes the result.

At the start a valid result of the last hours is taken up again and renewed by the quick check; else
the whole check runs once. Services run either again. Simulated arms move by themselves where no
passed motion stands; others only when the parameter `motion` says so.
"""

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from std_msgs.msg import String
from std_srvs.srv import Trigger

from teleop_collect import topics
from teleop_collect.clock import SystemClock
from teleop_collect.errors import CheckFailed, ConfigError, TeleopCollectError
from teleop_collect.nodes.diagnostics import DiagnosticsPublisher, Row
from teleop_collect.nodes.host import Host, answering, run_node
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.rig_check_context import ContextMaker
from teleop_collect.process import prefer_data
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.kept_report import keep_report, kept_report
from teleop_collect.rig.checks.measured_baseline import store_baseline
from teleop_collect.rig.checks.motion_gate import MOTION, moves_by_itself
from teleop_collect.rig.checks.page.document import write_page
from teleop_collect.rig.checks.report import RigCheckReport
from teleop_collect.rig.checks.run import NAMES, QUICK, run_checks


class RigCheckNode:
    """Collects observations while a check runs, and nothing in between."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._loaded = host.rig()
        root = host.parameter("root", "", "folder for episodes; the rig file's when empty")
        host.parameter("motion", False, "whether a check moves the arms, simulated ones even again")
        host.parameter("only", "", "comma-separated names of the checks to run; all when empty")
        host.parameter("page", "", "file for an HTML page about the next check; none when empty")
        self._make = ContextMaker(
            host, self._loaded, Path(root or self._loaded.rig.recording.root).expanduser()
        )
        self._clock = SystemClock()
        self._report: RigCheckReport | None = None
        node = host.node
        self._result = node.create_publisher(
            String, topics.RIG_CHECK_RESULT, profile(topics.LATCHED_QOS)
        )
        node.create_service(Trigger, topics.RIG_CHECK_RUN, self._reporting(self._asked))
        node.create_service(Trigger, topics.RIG_CHECK_QUICK, self._reporting(self.quick))
        baseline = answering(lambda _: self._save_baseline())
        node.create_service(Trigger, topics.RIG_CHECK_SAVE_BASELINE, baseline)
        pose = answering(lambda _: self._make.held.capture())
        node.create_service(Trigger, topics.RIG_CHECK_CAPTURE_POSE, pose)
        self._diagnostics = DiagnosticsPublisher(host, self._rows)

    def run(self) -> None:
        """Check once, then wait for requests."""
        try:
            self._check_at_start()
        except CheckFailed as error:
            if not self._host.stop.is_set:
                raise
            self._host.node.get_logger().info(str(error))
        self._host.stop.wait()

    def _check_at_start(self) -> None:
        self._report = kept_report(self._loaded)
        if self._report is not None and self._shut(self._report) is None:
            self._publish(self._report)
            self.quick()
        else:
            self.check()

    def check(self, *, motion: bool = False, only: Collection[str] = NAMES) -> RigCheckReport:
        """Observe and judge; publishes and keeps the report of a whole check."""
        is_whole = set(only) == set(NAMES)
        with self._host.lock:
            before = self._before()
            moves = bool(MOTION & set(only)) and (motion or self._may_move_unasked(before))
            context = self._look(motion=moves)
            results, now_ns = run_checks(context, only), self._clock.utc_ns()
            report = RigCheckReport.of(self._loaded, now_ns, results, before if is_whole else None)
            if is_whole:
                self._accept(report)
            self._write_page(context, report)
        self._tell(report)
        return report

    def quick(self) -> RigCheckReport:
        """Renew what can change from one session to the next; the whole check where none counts."""
        before = self._before()
        now_ns, max_age_s = self._clock.utc_ns(), self._loaded.rig.check.max_age_s
        if before is None or before.outdated(self._loaded, now_ns, max_age_s) is not None:
            return self.check()
        with self._host.lock:
            context = self._look(seconds=self._loaded.rig.check.quick_observe_s)
            report = before.renewed(run_checks(context, QUICK), self._clock.utc_ns())
            self._accept(report)
            self._write_page(context, report)
        self._tell(report)
        return report

    def _look(self, **how: Any) -> CheckContext:
        """What the checks judge; half of it would fail a rig that has nothing but been stopped."""
        context = self._make.context(**how)
        if self._host.stop.is_set:
            raise CheckFailed("rig check: stopped before it had seen enough; it says nothing")
        return context

    def _before(self) -> RigCheckReport | None:
        """The last whole report, where rig and calibration are still the same."""
        return self._report if self._report and self._report.is_of(self._loaded) else None

    def _may_move_unasked(self, before: RigCheckReport | None) -> bool:
        if not moves_by_itself(self._loaded.rig):
            return False
        return before is None or not before.has_moved_well(self._loaded, self._clock.utc_ns())

    def _write_page(self, context: CheckContext, report: RigCheckReport) -> None:
        if page := str(self._host.node.get_parameter("page").value):
            write_page(context, report, Path(page))

    def _accept(self, report: RigCheckReport) -> None:
        self._report = report
        keep_report(report)
        self._publish(report)

    def _publish(self, report: RigCheckReport) -> None:
        self._result.publish(String(data=report.to_json()))

    def _shut(self, report: RigCheckReport) -> str | None:
        """Why the gate stays shut with this report."""
        max_age_s = self._loaded.rig.check.max_age_s
        return report.is_valid_for(self._loaded, self._clock.utc_ns(), max_age_s)

    def _tell(self, report: RigCheckReport) -> None:
        log = self._host.node.get_logger()
        log.info(f"rig check: {report.result}")
        for failure in report.failures():
            log.error(f"{failure.check}: {failure.message}; {failure.todo}")

    def _asked(self) -> RigCheckReport:
        node = self._host.node
        text = str(node.get_parameter("only").value)
        only = [name.strip() for name in text.split(",") if name.strip()]
        if unknown := sorted(set(only) - set(NAMES)):
            raise ConfigError(f"no check {', '.join(unknown)}; there are: {', '.join(NAMES)}")
        return self.check(motion=bool(node.get_parameter("motion").value), only=only or NAMES)

    def _reporting(
        self, check: Callable[[], RigCheckReport]
    ) -> Callable[[Trigger.Request, Trigger.Response], Trigger.Response]:
        def callback(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            try:
                report = check()
            except TeleopCollectError as error:
                response.success, response.message = False, str(error)
                return response
            # Only a whole check may open the gate; of chosen ones their own verdict is the answer.
            gate = self._shut(report) if len(report.results) == len(NAMES) else None
            response.success = report.result == "pass" and gate is None
            response.message = json.dumps({**json.loads(report.to_json()), "gate": gate})
            return response

        return callback

    def _save_baseline(self) -> str:
        with self._host.lock:
            context = self._look()
        results = run_checks(context)
        found = [r for r in results if not r.passed and r.severity == "error"]
        if blocking := [r for r in found if r.check not in AGAINST_BASELINE]:
            text = "; ".join(f"{r.check}: {r.message}" for r in blocking)
            raise CheckFailed(f"no baseline of a rig that does not pass: {text}")
        return str(store_baseline(context))

    def _rows(self) -> list[Row]:
        if self._report is None:
            return [("rig_check: result", "stale", "not run yet", {})]
        level = "ok" if self._report.result == "pass" else "error"
        return [("rig_check: result", level, self._report.result, {"at_ns": self._report.at_ns})]

    def close(self) -> None:
        """Nothing stays open between checks."""


AGAINST_BASELINE = frozenset(
    {"camera_sharpness", "camera_exposure", "camera_extrinsics", "clock_offset", "depth_scale"}
)
"""May fail because the old baseline no longer holds, which is why a new one is saved."""


def main() -> int:
    """Entry point."""
    prefer_data()
    return run_node("rig_check", RigCheckNode)


if __name__ == "__main__":
    raise SystemExit(main())
