"""Rerun's SDK, imported when it is needed."""

import importlib
from typing import Any

from teleop_collect.errors import MissingExtraError


def import_rerun(module: str = "rerun") -> Any:
    """The SDK, or a module of it.

    Raises:
        MissingExtraError: rerun-sdk is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtraError("rerun-sdk", "view") from error
