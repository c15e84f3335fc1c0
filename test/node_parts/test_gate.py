"""The gate of teleoperation and recorder: what the latest published result lets them do."""

from pathlib import Path
from unittest.mock import MagicMock

import pytest
from std_msgs.msg import String
from support.rig_files import load_tiny
from support.rig_observations import good_context, spoiled

from teleop_collect.clock import SystemClock
from teleop_collect.nodes.gate import RigGate
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.report import RigCheckReport
from teleop_collect.rig.checks.run import run_checks


class Published:
    """A gate, and what is published to it."""

    def __init__(self, context: CheckContext) -> None:
        self._context = context
        self._host = MagicMock()
        self._host.node.has_parameter.return_value = True
        self.override("")
        self.gate = RigGate(self._host, context.loaded)
        self._hear = self._host.node.create_subscription.call_args.args[2]

    def override(self, text: str) -> None:
        self._host.node.get_parameter.return_value.value = text

    def publish(self, context: CheckContext) -> None:
        report = RigCheckReport.of(context.loaded, SystemClock().utc_ns(), run_checks(context))
        self._hear(String(data=report.to_json()))

    def publish_text(self, text: str) -> None:
        self._hear(String(data=text))


@pytest.fixture
def context(tmp_path: Path) -> CheckContext:
    return good_context(load_tiny(tmp_path), tmp_path)


@pytest.fixture
def published(context: CheckContext) -> Published:
    return Published(context)


def test_without_any_result_nobody_is_let_through(published: Published):
    assert published.gate.reason() == (
        "no rig check has run yet; call the service rig_check/run first"
    )
    published.publish_text("{")
    assert "no rig check has run yet" in str(published.gate.reason())


def test_a_failed_check_shuts_the_gate_by_name_until_one_passes(published, context):
    published.publish(spoiled(context, "follower/wrench", changes=0))
    assert "the rig check failed: wrench_alive" in str(published.gate.reason())
    published.publish(context)
    assert published.gate.reason() is None


def test_an_override_needs_a_name_and_a_reason(published: Published):
    published.override("ok")
    assert "it must be 'NAME: REASON'" in str(published.gate.reason())
    published.override("op-7f3a: the board is at the workshop")
    assert published.gate.reason() is None
