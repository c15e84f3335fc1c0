"""Imports pinocchio, whose wheel needs one library of the operating system."""

import importlib.util
from typing import Any

from teleop_collect.errors import MissingExtraError, MissingSystemLibraryError


def import_pinocchio(extra: str) -> Any:
    """The module `pinocchio`.

    Args:
        extra: of this package, which installs it for the caller.

    Raises:
        MissingExtraError: it is not installed.
        MissingSystemLibraryError: it is, but a library that its wheel does not bring along is not.
    """
    try:
        import pinocchio
    except ImportError as error:
        if "libgomp" in str(error) and importlib.util.find_spec("pinocchio") is not None:
            raise MissingSystemLibraryError("libgomp.so.1", "libgomp1") from error
        raise MissingExtraError("pinocchio", extra) from error
    return pinocchio
