"""Check: a force-torque sensor at rest reads no more than the bias that the rig file allows."""

import math

from teleop_collect import topics
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.topics import arm_topic


class WrenchBias:
    """A sensor that was not tared, or a tool that its driver does not know, shifts every force."""

    name = "wrench_bias"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare the mean force, while nobody touches the arm, with `max_bias_n`."""
        found, worst = [], (0.0, 0.0, 0.0)
        for arm in context.rig.arms.values():
            if arm.wrench is None or arm.wrench.max_bias_n is None:
                continue
            limit_n = arm.wrench.max_bias_n
            topic = arm_topic(arm.prefix, topics.FOLLOWER_WRENCH)
            force_n = context.observation(topic).mean_force_n
            if force_n is None:
                todo = "start the sensor's driver"
                return bad(self, f"{topic}: no force received", todo, "unknown", limit_n, "N")
            bias_n = math.hypot(*force_n)
            worst = max(worst, (bias_n / limit_n, bias_n, limit_n))
            if bias_n > limit_n:
                found.append(f"{topic}: {bias_n:.1f} N at rest, limit {limit_n:g} N")
        _, worst_n, of_n = worst
        if found:
            todo = "take every load off the tool, tare the sensor, and check again"
            return bad(self, "; ".join(found), todo, round(worst_n, 3), of_n, "N")
        if not of_n:
            return good(self, "no bias is limited in the rig file")
        return good(self, "no bias above its limit", round(worst_n, 3), of_n, "N")
