"""When the demo calls its episodes sound, and what it prints beside the limits."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.synthetic_episode import write_episode

from teleop_collect.cli.demo_summary import print_summary
from teleop_collect.cli.output import own_command

WRENCH = "/follower/wrench"
Edit = Callable[[dict[str, Any]], None]


@pytest.fixture
def summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = write_episode(tmp_path, duration_s=0.3, cameras=())

    def judge(edit: Edit = lambda m: None, *, judged: bool = True, verdict: str = "pass"):
        path = folder / "manifest.json"
        manifest = json.loads(path.read_text())
        edit(manifest)
        path.write_text(json.dumps(manifest))
        good = print_summary([folder], [verdict], 12.0, judged=judged)
        return good, " ".join(capsys.readouterr().out.split())

    return judge


def agreement(value: bool | None) -> Edit:
    return lambda manifest: manifest["outcome"].update(agreement=value)


def stream(topic: str, **values: object) -> Edit:
    return lambda manifest: manifest["streams"][topic].update(values)


def test_a_sound_episode_meets_the_limits(summary):
    good, text = summary()

    assert good
    assert "limit not met" not in text
    assert "The exit code judges verdicts, losses and labels" in text


@pytest.mark.parametrize(
    ("edit", "judged"),
    [
        (agreement(None), True),
        (agreement(False), True),
        (stream(WRENCH, dropped_queue=1), True),
        (stream(WRENCH, lost_transport="unknown"), True),
        (stream("/task", lost_transport=1), True),
    ],
)
def test_what_is_lost_or_disagrees_or_is_unknown_is_not_sound(summary, edit: Edit, judged: bool):
    assert summary(edit, judged=judged)[0] is False


def test_a_failing_verdict_is_not_sound(summary):
    assert summary(verdict="fail")[0] is False


def test_a_task_that_nothing_judges_needs_no_agreement(summary):
    assert summary(agreement(None), judged=False)[0] is True


def test_what_cannot_be_known_of_other_streams_is_no_loss(summary):
    assert summary(stream("/task", lost_transport="unknown"))[0] is True


def test_a_limit_that_is_not_met_is_said_and_changes_no_exit_code(summary):
    good, text = summary(stream(WRENCH, required=False, mean_hz=450.0))

    assert good
    assert "-10.00% /follower/wrench: limit not met" in text.replace("- ", "-")


@pytest.mark.parametrize(
    ("started", "on_path", "command"),
    [
        ("bin/teleop-collect", True, "teleop-collect"),
        ("bin/teleop-collect", False, "bin/teleop-collect"),
        ("my env/teleop-collect", False, "'my env/teleop-collect'"),
        ("main.py", False, f"{sys.executable} -m teleop_collect.cli.main"),
    ],
)
def test_a_printed_command_can_be_pasted(
    started: str, on_path: bool, command: str, tmp_path: Path, monkeypatch
):
    program = tmp_path / started
    program.parent.mkdir(exist_ok=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [started])
    monkeypatch.setenv("PATH", str(program.parent) if on_path else "")

    assert own_command("verify", Path("a b")) == f"{command} verify 'a b'"
