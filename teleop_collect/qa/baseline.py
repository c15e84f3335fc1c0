"""What the rig check measured of a camera when the rig was good, as far as the episode holds it."""

import json
from collections.abc import Mapping
from typing import Any

from teleop_collect.qa.evidence import Evidence


def camera_baseline(evidence: Evidence, topic: str, figure: str) -> float | None:
    """One figure of the camera that publishes a topic; None where no baseline was recorded.

    Args:
        evidence: the episode.
        topic: an image stream, `.../cameras/NAME/...`.
        figure: name of the figure.
    """
    name = topic.partition("/cameras/")[2].partition("/")[0]
    for document in _documents(evidence):
        camera = _part(_part(document, "cameras"), name)
        value = camera.get(figure)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return float(value)
    return None


def _documents(evidence: Evidence) -> list[Mapping[str, Any]]:
    found = []
    for name, data in evidence.episode.attachments.items():
        if "baseline" in name and name.endswith(".json"):
            try:
                found.append(json.loads(data))
            except (ValueError, RecursionError):
                continue
    return [document for document in found if isinstance(document, dict)]


def _part(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = document.get(key)
    return part if isinstance(part, dict) else {}
