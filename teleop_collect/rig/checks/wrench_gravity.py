"""Check: the force at rest is the same in two postures, so the tool's weight is known."""

import math

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good, unseen


class WrenchGravity:
    """A sensor that still carries the tool's weight, or a wrong one, shows it when it tilts."""

    name = "wrench_gravity"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare mean forces before and after the test motion, in the sensor's frame."""
        arms = [name for name, arm in context.rig.arms.items() if arm.wrench is not None]
        if not arms:
            return good(self, "the rig has no wrench sensor")
        seen = {n: context.motions[n].forces_n for n in arms if n in context.motions}
        changes = {n: math.dist(f[0], f[1]) for n, f in seen.items() if len(f) == 2}
        if not changes:
            todo = "run `teleop-collect check --motion`"
            return unseen(self, "force was not seen in two postures", todo)
        limit = context.rig.check.max_gravity_error_n
        worst = round(max(changes.values()), 3)
        off = [f"arm '{n}': {v:.2f} N" for n, v in changes.items() if v > limit]
        if off:
            todo = "tare the sensor with the tool mounted, or run `teleop-collect calibrate wrench`"
            message = f"force at rest changes with the posture: {'; '.join(off)}"
            return bad(self, message, todo, worst, limit, "N")
        return good(self, "force at rest does not depend on the posture", worst, limit, "N")
