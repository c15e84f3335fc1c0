"""The gate: whether the latest rig check lets this rig move and record."""

from std_msgs.msg import String

from teleop_collect import topics
from teleop_collect.clock import SystemClock
from teleop_collect.errors import ConfigError, UnreadableError
from teleop_collect.nodes.host import Host
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.checks.override import parsed_override
from teleop_collect.rig.checks.report import RigCheckReport
from teleop_collect.rig.load import LoadedRig

OVERRIDE = "check_override"


class RigGate:
    """Keeps the latest published rig check result and judges it.

    A person opens a shut gate by the parameter `check_override`, with name and reason.
    """

    def __init__(self, host: Host, loaded: LoadedRig) -> None:
        self._loaded = loaded
        self._clock = SystemClock()
        self._log = host.node.get_logger()
        self.report: RigCheckReport | None = None
        self._node = host.node
        if not host.node.has_parameter(OVERRIDE):
            host.parameter(OVERRIDE, "", "'NAME: REASON' to go on without a valid rig check")
        self._subscription = host.node.create_subscription(
            String, topics.RIG_CHECK_RESULT, self._on_result, profile(topics.LATCHED_QOS)
        )

    def _on_result(self, message: String) -> None:
        try:
            self.report = RigCheckReport.from_json(message.data)
        except UnreadableError as error:
            self._log.error(f"ignored a message on {topics.RIG_CHECK_RESULT}: {error}")

    def reason(self) -> str | None:
        """Why the gate is shut; None when it is open, or a person opened it."""
        shut = self._shut()
        if shut is None:
            return None
        try:
            override = parsed_override(str(self._node.get_parameter(OVERRIDE).value))
        except ConfigError as error:
            return f"{shut}; {error}"
        if override is None:
            return shut
        self._log.warning(f"rig check overridden by {override}; otherwise: {shut}")
        return None

    def _shut(self) -> str | None:
        if self.report is None:
            return f"no rig check has run yet; call the service {topics.RIG_CHECK_RUN} first"
        max_age_s = self._loaded.rig.check.max_age_s
        return self.report.is_valid_for(self._loaded, self._clock.utc_ns(), max_age_s)
