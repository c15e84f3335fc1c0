"""Loads a rig file by name or path, typed and cross-checked; one clear message when wrong."""

import difflib
import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Rig
from teleop_collect.rig.explain import explain
from teleop_collect.rig.hashes import sha256_bytes
from teleop_collect.rig.problem import Problem, dotted, shown
from teleop_collect.rig.share import share_dir, shipped_rigs
from teleop_collect.rig.validation import problems_of
from teleop_collect.rig.yaml_document import MAX_BYTES, YamlDocument, parse_yaml

__all__ = ["LoadedRig", "load_rig", "rig_path", "share_dir"]


@dataclass(frozen=True)
class LoadedRig:
    """A rig and the file it came from.

    Attributes:
        rig: the typed, cross-checked rig.
        path: absolute path of the file.
        sha256: hash of the file's bytes, hex.
        text: the file's text, as recorded with every episode.
    """

    rig: Rig
    path: Path
    sha256: str
    text: str


def load_rig(name_or_path: str) -> LoadedRig:
    """Load a rig.

    Args:
        name_or_path: the name of a shipped rig, or the path of a rig file.

    Raises:
        ConfigError: no such rig, or the file is wrong; the message names the file, the line, the
            key, the value and the nearest valid choice or the limit.
    """
    path = rig_path(name_or_path)
    raw = _read(path)
    try:
        document = parse_yaml(raw)
    except ConfigError as error:
        raise ConfigError(f"{path}:{error}") from None
    rig = _typed(document, path)
    for problem in problems_of(rig, path):
        raise _error(problem, document, path)
    return LoadedRig(rig, path, sha256_bytes(raw), raw.decode("utf-8"))


def rig_path(name_or_path: str) -> Path:
    """The file that a rig's name or path means.

    Raises:
        ConfigError: there is none; the message lists the shipped rigs and the nearest name.
    """
    is_path = "/" in name_or_path or name_or_path.endswith((".yaml", ".yml"))
    if is_path:
        path = Path(name_or_path).expanduser()
        if path.is_file():
            return path.resolve()
        raise ConfigError(f"{path}: no such rig file")
    rigs = shipped_rigs()
    if name_or_path in rigs:
        return rigs[name_or_path]
    nearest = difflib.get_close_matches(name_or_path, list(rigs), n=1)
    hint = f"; did you mean '{nearest[0]}'?" if nearest else ""
    raise ConfigError(
        f"no rig named '{name_or_path}'{hint} (shipped rigs: {', '.join(rigs)}; "
        "a rig file of your own is given by its path, ending in .yaml)"
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None


def _typed(document: YamlDocument, path: Path) -> Rig:
    if not isinstance(document.data, dict):
        raise ConfigError(f"{path}:1: a rig file is a mapping of keys to values")
    try:
        # By way of JSON: pydantic's strict JSON mode takes lists for tuples, but no text or
        # true/false for numbers.
        return Rig.model_validate_json(json.dumps(document.data), strict=True)
    except ValidationError as error:
        raise _error(explain(error, Rig), document, path) from None


def _error(problem: Problem, document: YamlDocument, path: Path) -> ConfigError:
    value = ""
    if problem.with_value:
        try:
            value = f" = {shown(document.value(problem.key))}"
        except LookupError:
            value = ""
    where = f"{path}:{document.line(problem.key)}: {dotted(problem.key)}"
    return ConfigError(f"{where}{value}: {problem.text}")
