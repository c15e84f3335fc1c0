"""Check: the rig file's limits still lie within the robot description's."""

from teleop_collect.rig.arm_validation import arm_problems
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.problem import dotted


class LimitsWithinUrdf:
    """Loading a rig file asks the same; this catches a URDF that has changed since."""

    name = "limits_within_urdf"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Check each arm against its description."""
        found = [
            f"{dotted(problem.key)}: {problem.text}"
            for name, arm in context.rig.arms.items()
            for problem in arm_problems(arm, context.descriptions[name], ("arms", name))
        ]
        if found:
            todo = f"correct {context.loaded.path} or the URDF"
            return bad(self, "; ".join(found), todo, len(found), 0, "problems")
        return good(self, "joints and limits agree with the URDF", 0, 0, "problems")
