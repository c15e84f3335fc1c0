"""Check: a force-torque sensor at rest is quiet."""

import math

from teleop_collect import topics
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.topics import arm_topic


class WrenchNoise:
    """Standard deviation of one reading of force, by differences of neighbours."""

    name = "wrench_noise"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare every sensor with `check.max_wrench_noise_n`."""
        limit = context.rig.check.max_wrench_noise_n
        noises: dict[str, float] = {}
        for arm in (a for a in context.rig.arms.values() if a.wrench is not None):
            topic = arm_topic(arm.prefix, topics.FOLLOWER_WRENCH)
            trace = context.observation(topic).trace
            sigma = {} if trace is None else trace.noise()
            if not sigma:
                return bad(self, f"{topic}: no samples", "start the sensor", "unknown", limit, "N")
            noises[topic] = max(v for n, v in sigma.items() if n.startswith("force"))
        if not noises:
            return good(self, "the rig has no wrench sensor")
        worst = max(noises.values())
        measured = round(worst, 4) if math.isfinite(worst) else "not a number"
        loud = [f"{topic}: {v:.2f} N" for topic, v in noises.items() if not v <= limit]
        if loud:
            todo = "check shielding, grounding and filter of the sensor"
            return bad(self, "; ".join(loud), todo, measured, limit, "N")
        return good(self, "sensors are quiet", measured, limit, "N")
