"""A tasks file: regions and tasks by themselves, to judge recorded episodes anew."""

import json
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Region, Task
from teleop_collect.rig.explain import explain
from teleop_collect.rig.problem import dotted
from teleop_collect.rig.section import Name, Section
from teleop_collect.rig.yaml_document import MAX_BYTES, parse_yaml

SECTIONS = ("regions", "tasks")


class TasksFile(Section):
    """The sections of a rig file that say what has to be done; a rig file serves as well."""

    regions: dict[Name, Region] = Field(default_factory=dict)
    tasks: dict[Name, Task]

    @property
    def sections(self) -> dict[str, Any]:
        """What takes the place of the same sections of a rig."""
        return {"regions": self.regions, "tasks": self.tasks}


def load_tasks(path: Path) -> TasksFile:
    """Read a tasks file, or these sections of a rig file.

    Raises:
        ConfigError: it cannot be read, or is wrong; the message says file, key and what is valid.
            Conditions are checked later, against the rig of each episode.
    """
    try:
        raw = path.open("rb").read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        data = parse_yaml(raw).data
    except ConfigError as error:
        raise ConfigError(f"{path}:{error}") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: a tasks file is a mapping of keys to values")
    wanted = {k: v for k, v in data.items() if k in SECTIONS} if "schema" in data else data
    try:
        return TasksFile.model_validate_json(json.dumps(wanted), strict=True)
    except ValidationError as error:
        problem = explain(error, TasksFile)
        raise ConfigError(f"{path}: {dotted(problem.key)}: {problem.text}") from None
