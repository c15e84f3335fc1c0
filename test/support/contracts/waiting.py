"""Waiting for a device to fail or to work again, with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

from teleop_collect.errors import DeviceDisconnected, DeviceError, DeviceTimeout

Value = TypeVar("Value")
DEADLINE_S = 20.0
"""Drivers are to work again 1 s after a fault's end, which the benches measure; busy machines are
slower."""
PAUSE_S = 0.005


def read_within(read: Callable[[], Value]) -> Value:
    """The first value; time-outs on the way are allowed, other errors are not."""
    end = time.monotonic() + DEADLINE_S
    while True:
        try:
            return read()
        except DeviceDisconnected:
            raise
        except DeviceTimeout:
            assert time.monotonic() < end, f"no value within {DEADLINE_S:g} s"
            time.sleep(PAUSE_S)


def loss_within(read: Callable[[], object]) -> DeviceDisconnected:
    """The `DeviceDisconnected` that reading ends in; values and time-outs may come first."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        try:
            read()
        except DeviceDisconnected as error:
            return error
        except DeviceTimeout:
            time.sleep(PAUSE_S)
    raise AssertionError(f"the loss was not reported within {DEADLINE_S:g} s")


def timeout_within(read: Callable[[], object]) -> DeviceTimeout:
    """The `DeviceTimeout` of a device that says nothing; what was under way may come first."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        try:
            read()
        except DeviceTimeout as error:
            return error
    raise AssertionError(f"no time-out within {DEADLINE_S:g} s")


def connect_within(device: object) -> None:
    """Connect as nodes do: again and again, closed in between, until it works."""
    end = time.monotonic() + DEADLINE_S
    while True:
        try:
            device.connect()  # type: ignore[attr-defined]
            return
        except DeviceError:
            device.close()  # type: ignore[attr-defined]
            if time.monotonic() > end:
                raise
            time.sleep(PAUSE_S)


def is_for_a_person(message: str) -> bool:
    """Whether an error's text is a message and not a traceback or an object's repr."""
    return bool(message) and "Traceback" not in message and "object at 0x" not in message
