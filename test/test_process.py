"""Stopping: by the first signal, at any moment, and untouched by later ones."""

import signal
import subprocess
import sys
import threading

import pytest

from teleop_collect.process import StopSignal, interrupted_once

PROGRAM = """
import atexit, sys
from teleop_collect.process import StopSignal, interrupted_once
# Registered first, so it runs last: the process has closed everything and is about to end.
atexit.register(lambda: (print("ending", flush=True), sys.stdin.read()))
stop = StopSignal().install()
print("ready", flush=True)
while not stop.wait({poll_s}):
    pass
print("closing", flush=True)
sys.stdin.readline()
"""


def started(poll_s: float) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(poll_s=poll_s)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_later_signals_do_not_cut_the_closing_short(number: signal.Signals):
    with started(poll_s=1.0) as process:
        process.send_signal(number)
        assert process.stdout.readline() == "closing\n"
        for later in (signal.SIGINT, signal.SIGTERM):
            process.send_signal(later)
        process.communicate(timeout=10)
        assert process.returncode == 0


def test_signals_are_ignored_while_the_interpreter_ends():
    with started(poll_s=1.0) as process:
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "closing\n"
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ending\n"
        with open(f"/proc/{process.pid}/status") as status:
            masks = dict(line.split(":\t", 1) for line in status.read().splitlines())
        ignored = int(masks["SigIgn"], 16)
        process.communicate(timeout=10)
    for number in (signal.SIGINT, signal.SIGTERM):
        assert ignored >> (number - 1) & 1, f"{number.name} could still end the process"


def test_two_signals_at_once_end_it_cleanly():
    for _ in range(5):
        with started(poll_s=1.0) as process:
            process.send_signal(signal.SIGSTOP)
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGCONT)
            _, errors = process.communicate(timeout=10)
            assert (process.returncode, errors) == (0, "")


def test_a_signal_in_the_middle_of_a_wait_is_not_lost():
    for _ in range(10):
        with started(poll_s=0.00002) as process:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=10)
            assert process.returncode == 0


def test_waiting_ends_when_another_thread_asks_for_the_stop():
    stop = StopSignal()
    assert stop.wait(0.0) is False
    threading.Timer(0.01, stop.set).start()
    assert stop.wait(10.0) is True
    assert stop.is_set


ONCE = """
import signal, sys
from teleop_collect.process import interrupted_once
# As at a terminal: a job that a shell put into the background ignores it.
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    with interrupted_once():
        try:
            print("ready", flush=True)
            sys.stdin.readline()
        finally:
            print("closing", flush=True)
            sys.stdin.readline()
            print("closed", flush=True)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_only_the_first_signal_interrupts(number: signal.Signals):
    with subprocess.Popen(
        [sys.executable, "-c", ONCE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.readline() == "closing\n"
        for later in (signal.SIGINT, signal.SIGTERM):
            process.send_signal(later)
        rest, _ = process.communicate("\n", timeout=10)
    assert (rest, process.returncode) == ("closed\n", 130)


def test_handlers_of_others_stand_and_come_back():
    stop = StopSignal()
    before = signal.signal(signal.SIGTERM, stop._on_signal)
    try:
        with interrupted_once():
            signal.raise_signal(signal.SIGTERM)
        assert stop.is_set
        assert signal.getsignal(signal.SIGTERM) == stop._on_signal
    finally:
        signal.signal(signal.SIGTERM, before)
