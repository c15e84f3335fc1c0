"""Documentation says what is there: commands, options, files, links, rigs, messages, examples."""

import argparse
import ast
import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from teleop_collect.cli.main import VERBS, build_parser
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.share import shipped_rigs

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
PROGRAM = "teleop-collect"
SHELL_FENCES = {"console", "sh", "bash", "shell"}
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(rf"`({PROGRAM} [^`]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
MESSAGE_TABLE = re.compile(r"^\| message[^\n]*\n\|[-| ]+\n((?:\|[^\n]*\n)+)", re.MULTILINE)
SERVO_TABLE = re.compile(
    r"^\| joint \| id \| leader \| follower \|\n\|[-| ]+\n((?:\|[^\n]*\n)+)", re.MULTILINE
)
GAP = "…"
"""Stands in a documented message for whatever the program fills in."""


def by_name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def shell_lines(page: Path) -> Iterator[str]:
    """Lines of shell blocks; lines that end in a backslash are joined."""
    for language, block in FENCE.findall(page.read_text(encoding="utf-8")):
        if language in SHELL_FENCES:
            yield from block.replace("\\\n", " ").splitlines()


def simple_commands(line: str) -> Iterator[list[str]]:
    """The commands of one shell line, without `sudo` and comments, split at |, && and ;."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if set(word) <= set("|&;<>"):
            if words:
                yield words[1:] if words[0] == "sudo" else words
            words = []
        else:
            words.append(word)


def documented(program: str) -> list[tuple[str, list[str]]]:
    """Arguments of every documented call of a program, with the page."""
    return [
        (by_name(page), words[1:])
        for page in PAGES
        for line in shell_lines(page)
        for words in simple_commands(line)
        if words[0] == program
    ]


def called(calls: list[tuple[str, list[str]]]) -> list[object]:
    return [pytest.param(words, id=f"{page}: {' '.join(words)}") for page, words in calls]


def inline_calls() -> list[tuple[str, list[str]]]:
    return [
        (by_name(page), shlex.split(text)[1:])
        for page in PAGES
        for text in INLINE.findall(page.read_text(encoding="utf-8"))
    ]


def known_options(words: list[str]) -> set[str]:
    """Options of a verb and of the action named after it."""
    parser = build_parser(words[0])
    options: set[str] = set()
    for word in ["", *words]:
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction) and word in action.choices:
                parser = action.choices[word]
        options |= {option for action in parser._actions for option in action.option_strings}
    return options


@pytest.mark.parametrize("words", called(documented(PROGRAM)))
def test_every_command_in_a_block_parses_as_it_stands(words, capsys):
    with suppress(SystemExit):
        build_parser(words[0]).parse_args(words)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("words", called(inline_calls()))
def test_every_command_in_running_text_names_a_verb_and_its_options(words):
    assert words[0] in {verb.name for verb in VERBS}
    assert {word.split("=")[0] for word in words if word.startswith("--")} <= known_options(words)


@pytest.mark.parametrize("words", called(documented(PROGRAM) + inline_calls()))
def test_every_rig_in_a_command_is_shipped_or_a_file_of_the_readers_own(words):
    for option, value in pairwise(words):
        if option == "--rig":
            assert value.endswith(".yaml") or value in shipped_rigs()


@pytest.mark.parametrize("words", called(documented("ros2")))
def test_every_launch_file_and_executable_exists(words):
    if words[:2] == ["launch", "teleop_collect"]:
        assert (ROOT / "launch" / words[2]).is_file()
    if words[:2] == ["run", "teleop_collect"]:
        assert (ROOT / "teleop_collect" / "nodes" / f"{words[2]}.py").is_file()


@pytest.mark.parametrize("words", called(documented("python")))
def test_every_python_module_exists_and_knows_its_options(words):
    assert words[0] == "-m"
    module = ROOT / Path(*words[1].split(".")).with_suffix(".py")
    source = module.read_text(encoding="utf-8")
    options = [word for word in words if word.startswith("--")]
    assert [option for option in options if f'"{option}"' not in source] == []


@pytest.mark.parametrize("words", called(documented("cp")))
def test_every_file_that_is_copied_exists(words):
    assert (ROOT / words[0]).is_file()


@pytest.mark.parametrize("words", called(documented("make")))
def test_every_make_target_exists(words):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {word for word in words if re.fullmatch("[a-z]+", word)} <= set(targets)


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_every_relative_link_leads_somewhere(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    links = [link for link in LINK.findall(text) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@cache
def texts_of_the_program() -> str:
    """Every piece of text in the source, f-strings with a gap for each value."""
    pieces = []
    for module in (ROOT / "teleop_collect").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                pieces.append(
                    "".join(v.value if isinstance(v, ast.Constant) else GAP for v in node.values)
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                pieces.append(node.value)
    return "\n".join(pieces)


def documented_messages() -> list[object]:
    """First cells of tables whose first column is headed `message`."""
    return [
        pytest.param(row.split("|")[1].strip().strip("`"), id=f"{by_name(page)}: {row[:60]}")
        for page in PAGES
        for table in MESSAGE_TABLE.findall(page.read_text(encoding="utf-8"))
        for row in table.splitlines()
    ]


@pytest.mark.parametrize("message", documented_messages())
def test_every_message_that_is_explained_is_one_that_the_program_has(message):
    source = texts_of_the_program()
    pieces = [piece.strip() for piece in message.split(GAP) if piece.strip()]
    assert pieces
    assert [piece for piece in pieces if piece not in source] == []


def documented_servos() -> list[object]:
    """Rows of tables of servo ids, with the shipped rig that the page is about."""
    return [
        pytest.param(page.stem, *(cell.strip() for cell in row.split("|")[1:-1]), id=row[:40])
        for page in PAGES
        for table in SERVO_TABLE.findall(page.read_text(encoding="utf-8"))
        for row in table.splitlines()
    ]


@pytest.mark.parametrize(("rig", "joint", "id_text", "leader", "follower"), documented_servos())
def test_servo_tables_say_what_the_rig_file_says(rig, joint, id_text, leader, follower):
    for arm in load_rig(rig).rig.arms.values():
        for servo, model in (
            (arm.leader.servos[joint], leader),
            (arm.follower.servos[joint], follower),
        ):
            assert (servo.id, servo.model) == (int(id_text.split()[0]), model)


def test_a_command_that_does_not_exist_would_be_found(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text(
        "1. Do:\n\n   ```console\n"
        "   teleop-collect udev print | sudo tee x && teleop-collect go  # why\n   ```\n"
        "`teleop-collect fly --high`\n"
    )
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    monkeypatch.setattr(f"{__name__}.PAGES", [page])
    assert documented(PROGRAM) == [("page.md", ["udev", "print"]), ("page.md", ["go"])]
    assert documented("tee") == [("page.md", ["x"])]
    assert inline_calls() == [("page.md", ["fly", "--high"])]
