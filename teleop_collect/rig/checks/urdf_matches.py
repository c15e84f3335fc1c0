"""Check: the robot runs with the robot description that the rig file names."""

import math
from pathlib import Path

from teleop_collect import topics
from teleop_collect.errors import ConfigError
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.config import Arm
from teleop_collect.rig.description import RobotDescription
from teleop_collect.topics import arm_topic

_TOLERANCE = 1e-6
_COMPARED = ("type", "lower", "upper", "velocity")


class UrdfMatches:
    """Compares type and limits of every commanded joint, not the text, which tools rewrite."""

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
    found = []
    for name in arm.joints:
        joint, other = expected.joints[name], seen.joints.get(name)
        if other is None:
            found.append(f"{topic} has no joint '{name}'")
            continue
        for attribute in _COMPARED:
            ours, theirs = getattr(joint, attribute), getattr(other, attribute)
            if not _equal(ours, theirs):
                found.append(f"{topic}: joint '{name}': {attribute} is {theirs}, not {ours}")
    return found


def _equal(ours: float | str, theirs: float | str) -> bool:
    if isinstance(ours, str) or isinstance(theirs, str):
        return ours == theirs
    return math.isclose(ours, theirs, rel_tol=0.0, abs_tol=_TOLERANCE)
