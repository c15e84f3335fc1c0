"""Check: force-torque sensors deliver finite values that change."""

from teleop_collect import topics
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.observation import Observation
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.config import Wrench
from teleop_collect.topics import arm_topic

MIN_CHANGING = 0.01
"""Share of samples that must differ from the one before; a live sensor's noise gives nearly 1."""


class WrenchAlive:
    """A sensor that lost its bus often repeats its last value at full rate."""

    name = "wrench_alive"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Look at every arm that has a wrench sensor."""
        found, checked = [], 0
        for arm in context.rig.arms.values():
            if arm.wrench is not None:
                checked += 1
                topic = arm_topic(arm.prefix, topics.FOLLOWER_WRENCH)
                seen = context.observation(topic)
                if (problem := _problem(seen, arm.wrench)) is not None:
                    found.append(f"{topic}: {problem}")
        if found:
            todo = "check the sensor's cable, power and driver"
            return bad(self, "; ".join(found), todo, len(found), 0, "sensors")
        if not checked:
            return good(self, "the rig has no wrench sensor")
        return good(self, f"{checked} wrench sensors alive", 0, 0, "sensors")


def _problem(seen: Observation, wrench: Wrench) -> str | None:
    if seen.count < 2 or seen.sample is None:
        return "no samples"
    if seen.non_finite:
        return f"{seen.non_finite} of {seen.count} samples are not finite"
    if seen.changes < MIN_CHANGING * seen.count:
        return f"frozen: {seen.changes} of {seen.count} samples differ from the one before"
    frame_id = getattr(seen.sample, "frame_id", "")
    if frame_id != wrench.frame_id:
        return f"frame_id is '{frame_id}', not '{wrench.frame_id}' as in the rig file"
    return None
