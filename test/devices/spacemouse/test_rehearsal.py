"""The emulated mouse as a process, and the hand that moves it."""

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from support.emulated_mouse import MouseDriver, isolated_hid

from teleop_collect.clock import SystemClock
from teleop_collect.devices.spacemouse.__main__ import main
from teleop_collect.devices.spacemouse.driver import SpaceMouse
from teleop_collect.devices.spacemouse.rehearsal import (
    FIGURE_S,
    PAUSE_S,
    PEAK_COUNTS,
    REPORT_HZ,
    RehearsalHand,
    buttons_at,
    counts_at,
)
from teleop_collect.devices.spacemouse.reports import REST, SPACE_NAVIGATOR
from teleop_collect.errors import DeviceDisconnected
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.rehearsal import emulated_rig

LOOP_S = FIGURE_S + PAUSE_S
DEADLINE_S = 30.0


@pytest.fixture(autouse=True)
def _own_hid(monkeypatch, tmp_path):
    isolated_hid(monkeypatch, tmp_path)


def test_a_figure_begins_and_ends_at_rest_and_leads_back():
    times = [i / REPORT_HZ for i in range(round(LOOP_S * REPORT_HZ))]
    figure = [counts_at(t) for t in times]
    assert counts_at(0.0) == counts_at(FIGURE_S) == counts_at(LOOP_S) == REST
    assert [sum(axis) for axis in zip(*figure, strict=True)] == [0] * 6
    assert max(counts[0] for counts in figure) == PEAK_COUNTS
    steps = [max(abs(b - a) for a, b in zip(x, y, strict=True)) for x, y in pairwise(figure)]
    assert max(steps) <= 4


def test_buttons_take_turns_in_the_pauses():
    assert [buttons_at(FIGURE_S + 0.6 + i * LOOP_S) for i in range(3)] == [(0,), (1,), (0,)]
    assert buttons_at(FIGURE_S + 0.9) == buttons_at(3.0) == ()


def test_the_hand_ends_with_zeros_and_is_then_silent():
    driver = MouseDriver(SPACE_NAVIGATOR)
    try:
        driver.mouse.connect()
        hand = RehearsalHand(driver.emulated)
        hand.move(FIGURE_S / 8)
        assert driver.mouse.read().linear_m_s[1] < -0.3
        hand.move(FIGURE_S)
        assert driver.mouse.read().linear_m_s == (0.0, 0.0, 0.0)
        hand.move(FIGURE_S + 0.6)
        assert driver.mouse.read().buttons == (1, 0)
        hand.move(FIGURE_S + 0.9)
        assert driver.mouse.read().buttons == (0, 0)
    finally:
        driver.close()


def until(condition) -> None:
    deadline_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline_s, "nothing happened in time"
        time.sleep(0.005)


def connects(mouse: SpaceMouse) -> bool:
    try:
        mouse.connect()
    except DeviceDisconnected:
        return False
    return True


def is_lost(mouse: SpaceMouse) -> bool:
    try:
        mouse.read()
    except DeviceDisconnected:
        return True
    return False


def test_a_rehearsed_rig_reads_the_mouse_of_another_process(tmp_path: Path):
    rig = emulated_rig(load_rig("franka_spacemouse"), tmp_path)
    command = [sys.executable, "-m", "teleop_collect.devices.spacemouse"]
    arguments = ["--rig", str(rig.path), "--arm", "main"]
    with subprocess.Popen([*command, *arguments], env=dict(os.environ)) as process:
        try:
            mouse = SpaceMouse(rig.rig.arms["main"].leader, SystemClock(), "fr3_link0")
            until(lambda: connects(mouse))
            until(lambda: mouse.read().linear_m_s[1] < -0.01)
            process.send_signal(signal.SIGTERM)
            until(lambda: is_lost(mouse))
            assert process.wait(DEADLINE_S) == 0
        finally:
            process.kill()


def test_a_rig_without_an_emulated_mouse_is_refused_in_one_line(capsys):
    assert main(["--rig", "sim_tabletop", "--arm", "main"]) == 2
    assert capsys.readouterr().err == (
        "spacemouse_emulator: leader of arm main is no SpaceMouse with a path of the form "
        "sim://NAME\n"
    )
    assert main(["--rig", "sim_tabletop", "--arm", "left"]) == 2
    assert "no arm 'left' in this rig; it has main" in capsys.readouterr().err
