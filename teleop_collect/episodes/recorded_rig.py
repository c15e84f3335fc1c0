"""The rig as an episode carries it: its file and robot descriptions, attached when recorded."""

import json
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from teleop_collect.episodes.reader import Episode
from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Rig
from teleop_collect.rig.description import RobotDescription
from teleop_collect.rig.yaml_document import parse_yaml

RIG_ATTACHMENT, URDF_SUFFIX = "rig.yaml", ".urdf"


def recorded_rig(episode: Episode) -> Rig | None:
    """The rig file inside the recording; None when there is none of this version."""
    data = episode.attachments.get(RIG_ATTACHMENT)
    if data is None:
        return None
    try:
        return Rig.model_validate_json(json.dumps(parse_yaml(data).data), strict=True)
    except (ConfigError, ValidationError):
        return None


def recorded_descriptions(episode: Episode) -> dict[str, RobotDescription]:
    """The robot descriptions inside the recording, by arm; what is no URDF is left out."""
    found = {}
    for name, data in episode.attachments.items():
        if name.endswith(URDF_SUFFIX):
            with suppress(ConfigError):
                path = Path(name)
                found[path.stem] = RobotDescription.from_bytes(data, path)
    return found
