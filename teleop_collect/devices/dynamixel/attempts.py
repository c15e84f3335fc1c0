"""A bus loses an answer now and then: what may be done twice is tried again."""

import contextlib
from collections.abc import Callable
from typing import TypeVar

from teleop_collect.errors import DeviceTimeout

ATTEMPTS = 5

Result = TypeVar("Result")


def insistently(attempt: Callable[[], Result]) -> Result:
    """Try something with one servo a few times.

    Raises:
        DeviceTimeout: it never answered.
    """
    for _ in range(ATTEMPTS - 1):
        with contextlib.suppress(DeviceTimeout):
            return attempt()
    return attempt()
