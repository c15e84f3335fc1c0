"""Check: the robot runs with the robot description that the rig file names."""

import math
from pathlib import Path
from typing import Any

from teleop_collect import topics
from teleop_collect.errors import ConfigError
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.config import Arm
from teleop_collect.rig.description import RobotDescription
from teleop_collect.topics import arm_topic

_LIMITS = {("lower", 1e-6), ("upper", 1e-6), ("velocity", 1e-6)}
_GEOMETRY = {
    ("type", 0.0), ("parent", 0.0), ("child", 0.0), ("xyz", 1e-4), ("rpy", 1e-4), ("axis", 1e-4),
}  # fmt: skip
"""Attributes of a joint with what tools may round off, in m and rad."""


class UrdfMatches:
    """Compares limits of commanded joints and the geometry of all that they carry.

    Not the text, which tools rewrite.
    """

    name = "urdf_matches"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare each arm's published `robot_description` with its file."""
        silent, differences = [], []
        for name, arm in context.rig.arms.items():
            topic = arm_topic(arm.prefix, topics.ROBOT_DESCRIPTION)
            published = context.observation(topic).sample
            if isinstance(published, str):
                differences += _differences(arm, context.descriptions[name], published, topic)
            else:
                silent.append(topic)
        if differences:
            todo = "name in the rig file the URDF that the robot runs with"
            return bad(self, "; ".join(differences), todo, len(differences), 0, "differences")
        if silent:
            return CheckResult(
                self.name,
                "warning",
                False,
                "unknown",
                None,
                "",
                f"nobody publishes {', '.join(silent)}, so the URDF cannot be compared",
                "let the robot's driver publish robot_description",
            )
        return good(self, "published and configured URDF agree", 0, 0, "differences")


def _differences(arm: Arm, expected: RobotDescription, published: str, topic: str) -> list[str]:
    try:
        seen = RobotDescription.from_bytes(published.encode(), Path(topic))
    except ConfigError as error:
        return [str(error)]
    found = [f"{topic} has no joint '{name}'" for name in arm.joints if name not in seen.joints]
    for name in _carried(arm, expected):
        joint, other = expected.joints[name], seen.joints.get(name)
        if other is None:
            continue
        for attribute, tolerance in _GEOMETRY | (_LIMITS if name in arm.joints else set()):
            ours, theirs = getattr(joint, attribute), getattr(other, attribute)
            if not _equal(ours, theirs, tolerance):
                found.append(f"{topic}: joint '{name}': {attribute} is {theirs}, not {ours}")
    return found


def _carried(arm: Arm, description: RobotDescription) -> list[str]:
    """Commanded joints and all that they carry; how the arm is mounted may differ."""
    moved: set[str] = set()
    found: list[str] = []
    grown = True
    while grown:
        grown = False
        for name, joint in description.joints.items():
            if name not in found and (name in arm.joints or joint.parent in moved):
                found.append(name)
                moved.add(joint.child)
                grown = True
    return found


def _equal(ours: Any, theirs: Any, tolerance: float) -> bool:
    if isinstance(ours, tuple):
        return all(_equal(a, b, tolerance) for a, b in zip(ours, theirs, strict=True))
    if isinstance(ours, str):
        return bool(ours == theirs)
    return math.isclose(ours, theirs, rel_tol=0.0, abs_tol=tolerance)
