"""Node `rig_check`: observes the rig's topics, runs the rig check and publishes the result.

At the start a valid result of the last hours is taken up again and renewed by the quick check; else
the whole check runs once. Services run either again. The arm moves only when the parameter `motion`
says so.
"""

from collections.abc import Callable, Collection
from pathlib import Path

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
from teleop_collect.rig.checks.kept_report import keep_report, kept_report
from teleop_collect.rig.checks.measured_baseline import store_baseline
from teleop_collect.rig.checks.page.document import write_page
from teleop_collect.rig.checks.report import RigCheckReport
from teleop_collect.rig.checks.run import MOTION, NAMES, QUICK, run_checks


class RigCheckNode:
    """Collects observations while a check runs, and nothing in between."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._loaded = host.rig()
        root = host.parameter("root", "", "folder for episodes; the rig file's when empty")
        host.parameter("motion", False, "whether a check may move the arms a little")
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
        pose = answering(lambda _: self._make.capture_poses())
        node.create_service(Trigger, topics.RIG_CHECK_CAPTURE_POSE, pose)
        self._diagnostics = DiagnosticsPublisher(host, self._rows)

    def run(self) -> None:
        """Check once, then wait for requests."""
        self._report = kept_report(self._loaded, self._clock.utc_ns())
        if self._report is not None:
            self._result.publish(String(data=self._report.to_json()))
        self.quick()
        self._host.stop.wait()

    def check(self, *, motion: bool = False, only: Collection[str] = NAMES) -> RigCheckReport:
        """Observe and judge; publishes and keeps the report of a whole check."""
        with self._host.lock:
            context = self._make.context(motion=motion and bool(MOTION & set(only)))
            results = run_checks(context, only)
            report = RigCheckReport.of(self._loaded, self._clock.utc_ns(), results)
            if set(only) == set(NAMES):
                self._accept(report)
            if page := str(self._host.node.get_parameter("page").value):
                write_page(context, report, Path(page))
        self._tell(report)
        return report

    def quick(self) -> RigCheckReport:
        """Renew what can change from one session to the next; the whole check where none counts."""
        before = self._report
        if before is None or not before.is_of(self._loaded):
            return self.check()
        with self._host.lock:
            context = self._make.context(seconds=self._loaded.rig.check.quick_observe_s)
            report = before.renewed(run_checks(context, QUICK), self._clock.utc_ns())
            self._accept(report)
            if page := str(self._host.node.get_parameter("page").value):
                write_page(context, report, Path(page))
        self._tell(report)
        return report

    def _accept(self, report: RigCheckReport) -> None:
        self._report = report
        keep_report(report)
        self._result.publish(String(data=report.to_json()))

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
            response.success = report.result == "pass"
            response.message = report.to_json()
            return response

        return callback

    def _save_baseline(self) -> str:
        with self._host.lock:
            context = self._make.context()
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
