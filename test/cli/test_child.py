"""A process of the graph is read whatever becomes of its log, and its last words are found."""

import sys
from pathlib import Path

import pytest

from teleop_collect.cli.child import Child
from teleop_collect.rig.processes import Process, Role

CHATTY = "for n in range(3000): print(f'line {n} ' + 90 * 'x')\nprint('end')"
"""Several times what a pipe holds."""


def child(program: str, log: Path, echo=None) -> Child:
    process = Process("talker", Role.DEVICE, "talker", "talker", {})
    return Child(process, [sys.executable, "-c", program], {}, log, echo)


def test_all_output_goes_to_the_log_and_to_the_terminal(tmp_path: Path):
    shown: list[str] = []
    talker = child(CHATTY, tmp_path / "talker.log", shown.append)

    assert talker.handle.wait(timeout=20) == 0
    assert talker.last_lines().endswith("\nend")
    assert (len(shown), shown[-1]) == (3001, "[talker] end")
    assert len((tmp_path / "talker.log").read_text().splitlines()) == 3001
    assert talker.log.trouble is None


@pytest.mark.parametrize("log", ["/dev/full", "/proc/nowhere/talker.log"])
def test_a_log_that_cannot_be_written_stops_nothing(log: str):
    shown: list[str] = []
    talker = child(CHATTY, Path(log), shown.append)

    assert talker.handle.wait(timeout=20) == 0
    assert talker.last_lines().endswith("\nend")
    told = [line for line in shown if "cannot be written" in line]
    assert told == [f"[talker] the log {talker.log.trouble}; its lines go on here"]
    assert len(shown) == 3002


def test_a_terminal_that_has_gone_stops_nothing(tmp_path: Path):
    def echo(line: str) -> None:
        raise BrokenPipeError

    talker = child(CHATTY, tmp_path / "talker.log", echo)

    assert talker.handle.wait(timeout=20) == 0
    assert talker.last_lines().endswith("\nend")


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (
            "[INFO] [1.0] [talker]: hello\n[FATAL] [2.0] [talker]: port is busy;\n  close it\n"
            "[INFO] [3.0] [talker]: bye",
            "port is busy;\n  close it",
        ),
        ("first\nTypeError: no", "first\nTypeError: no"),
        ("", ""),
    ],
)
def test_the_last_words_are_what_was_fatal_else_the_end(tmp_path: Path, output: str, words: str):
    talker = child(f"print({output!r}, end='')", tmp_path / "talker.log")

    talker.handle.wait(timeout=20)

    assert talker.last_words() == words
