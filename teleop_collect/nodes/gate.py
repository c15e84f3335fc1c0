"""The gate: whether the latest rig check lets this rig move and record."""

from std_msgs.msg import String

from teleop_collect import topics
from teleop_collect.clock import SystemClock
from teleop_collect.errors import UnreadableError
from teleop_collect.nodes.host import Host
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.checks.report import RigCheckReport
from teleop_collect.rig.load import LoadedRig


class RigGate:
    """Keeps the latest published rig check result and judges it."""

    def __init__(self, host: Host, loaded: LoadedRig) -> None:
        self._loaded = loaded
        self._clock = SystemClock()
        self._log = host.node.get_logger()
        self.report: RigCheckReport | None = None
        self._subscription = host.node.create_subscription(
            String, topics.RIG_CHECK_RESULT, self._on_result, profile(topics.LATCHED_QOS)
        )

    def _on_result(self, message: String) -> None:
        try:
            self.report = RigCheckReport.from_json(message.data)
        except UnreadableError as error:
            self._log.error(f"ignored a message on {topics.RIG_CHECK_RESULT}: {error}")

    def reason(self) -> str | None:
        """Why the gate is shut; None when it is open."""
        if self.report is None:
            return f"no rig check has run yet; call the service {topics.RIG_CHECK_RUN} first"
        max_age_s = self._loaded.rig.check.max_age_s
        return self.report.is_valid_for(self._loaded, self._clock.utc_ns(), max_age_s)
