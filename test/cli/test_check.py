"""`check` as a person calls it: what it asks of the node, what it prints, how it ends."""

import json
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.rig_files import write_rig
from support.rig_observations import good_context

from teleop_collect import topics
from teleop_collect.cli.main import main
from teleop_collect.nodes.rig_client import Answer
from teleop_collect.rig.checks.report import RigCheckReport
from teleop_collect.rig.checks.run import MOTION, NAMES, run_checks
from teleop_collect.rig.load import load_rig

GATE = "no test motion has passed for follower_stuck (the arm was not moved); run ..."


class Node:
    """Answers as the node `rig_check` does."""

    def __init__(self, rig: str, tmp_path: Path) -> None:
        context = good_context(load_rig(rig), tmp_path)
        self.context = replace(context, motions={}, poses={})
        self.gate: str | None = None
        self.asked: list[str] = []
        self.parameters: list[dict[str, Any]] = []

    def set_parameters(self, _: str, values: dict[str, Any]) -> None:
        self.parameters.append(values)

    def trigger(self, service: str, timeout_s: float = 0.0) -> Answer:
        self.asked.append(service)
        if service == topics.RIG_CHECK_SAVE_BASELINE:
            return Answer(self.gate is None, self.gate or "/folder/baseline.json")
        report = RigCheckReport.of(self.context.loaded, 0, run_checks(self.context))
        document = {**json.loads(report.to_json()), "gate": self.gate}
        return Answer(self.gate is None, json.dumps(document))


@pytest.fixture
def rig(tmp_path: Path) -> str:
    return str(write_rig(tmp_path))


@pytest.fixture
def node(rig: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    node = Node(rig, tmp_path)

    @contextmanager
    def joined() -> Any:
        yield node

    monkeypatch.setattr(
        "teleop_collect.cli.check._join_or_start",
        lambda stack, *_: stack.enter_context(joined()),
    )
    return node


def test_the_table_shows_what_was_measured_and_the_limit(rig, node, capsys):
    assert main(["check", "--rig", rig]) == 0
    said = capsys.readouterr().out
    row = next(line for line in said.splitlines() if "encoder_noise" in line)
    assert "0.005" in row
    assert "rig check: pass" in said
    assert node.asked == [topics.RIG_CHECK_RUN]
    # The tiny rig's follower is simulated, so it moves; afterwards the node is as before.
    assert [p["motion"] for p in node.parameters] == [True, False]


def test_a_rig_that_may_not_record_yet_is_told_so_and_exits_with_1(rig, node, capsys):
    node.gate = GATE
    assert main(["check", "--rig", rig]) == 1
    assert f"not yet allowed to move and record: {GATE[:40]}" in capsys.readouterr().out
    assert main(["check", "--rig", rig, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["gate"] == GATE


def test_without_motion_the_checks_that_need_it_are_left_out(rig, node):
    assert main(["check", "--rig", rig, "--no-motion"]) == 0
    asked = node.parameters[0]
    assert asked["motion"] is False
    assert set(asked["only"].split(",")) == set(NAMES) - MOTION


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--only", "stream_rate"), "no check stream_rate"),
        (("--quick", "--only", "stream_rates"), "--quick is a choice of checks itself"),
        (("--quick", "--poses"), "--quick is a choice of checks itself"),
        (("--no-motion", "--only", "follower_stuck"), "--no-motion leaves nothing of --only"),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_asked(rig, node, capsys, options, message):
    assert main(["check", "--rig", rig, *options]) == 2
    assert message in capsys.readouterr().err
    assert not node.asked


def test_a_baseline_is_saved_or_refused(rig, node, capsys):
    assert main(["check", "--rig", rig, "--save-baseline"]) == 0
    assert "baseline: /folder/baseline.json" in capsys.readouterr().out
    node.gate = "no baseline of a rig that does not pass: wrench_alive: frozen"
    assert main(["check", "--rig", rig, "--save-baseline"]) == 1
    assert "no baseline of a rig that does not pass" in capsys.readouterr().err
