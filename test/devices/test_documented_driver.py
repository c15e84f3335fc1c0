"""The example of docs/add-a-device.md, run as it stands there: driver, registry, contract."""

import re
import sys
import types
from pathlib import Path

import pytest

import teleop_collect.rig.leader_config as leader_config
from teleop_collect.devices import registry
from teleop_collect.errors import DeviceError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "add-a-device.md"
PYTHON = re.compile(r"^```python\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks():
    """Code by the file that the page puts it into, with empty lines before it for line numbers."""
    text = PAGE.read_text(encoding="utf-8")
    return {
        match[1]: "\n" * text.count("\n", 0, match.start(2)) + match[2]
        for match in PYTHON.finditer(text)
    }


CODE = {name: compile(code, str(PAGE), "exec") for name, code in blocks().items()}
SECTION, DRIVER, REGISTRY, TEST = CODE.values()
LINE_LEADER = "teleop_collect.devices.line_leader"


def namespace_of(code, name):
    module = types.ModuleType(name)
    exec(code, vars(module))
    return module


section = namespace_of(SECTION, "section").LineLeaderSection
with pytest.MonkeyPatch.context() as patch:
    patch.setattr(leader_config, "LineLeaderSection", section, raising=False)
    line_leader = namespace_of(DRIVER, LINE_LEADER)
    patch.setitem(sys.modules, LINE_LEADER, line_leader)
    documented_test = namespace_of(TEST, "documented_test")
EmulatedBoard = documented_test.EmulatedBoard
TestLineLeader = documented_test.TestLineLeader


def test_the_page_names_the_files_that_a_driver_touches():
    assert list(CODE) == [
        "teleop_collect/rig/leader_config.py",
        "teleop_collect/devices/line_leader.py",
        "teleop_collect/devices/registry.py",
        "test/devices/test_line_leader.py",
    ]


def test_the_registry_finds_the_documented_driver(monkeypatch):
    monkeypatch.setitem(sys.modules, LINE_LEADER, line_leader)
    leaders = dict(registry.DRIVERS[registry.DeviceKind.LEADER])
    monkeypatch.setitem(registry.DRIVERS, registry.DeviceKind.LEADER, leaders)
    exec(REGISTRY, vars(registry).copy())
    found = registry.driver_class(registry.DeviceKind.LEADER, "line")
    assert found is line_leader.LineLeader


def test_a_board_that_prints_something_else_ends_in_one_message(tmp_path):
    board = EmulatedBoard(tmp_path)
    leader = board.driver()
    leader.connect()
    board.pose = {"shoulder": 0.0}
    with pytest.raises(DeviceError, match="does not hold the joints shoulder, elbow"):
        leader.read()
    leader.close()
    board.ends.set()
    board.thread.join(5.0)
