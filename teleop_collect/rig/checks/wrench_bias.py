"""Check: a force-torque sensor at rest reads no more than the bias that is allowed."""

import numpy as np

from teleop_collect import topics
from teleop_collect.errors import ConfigError, MissingExtraError
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good, unseen
from teleop_collect.rig.checks.wrench_load import unexplained_n
from teleop_collect.topics import arm_topic

DEFAULT_LIMIT_N = 5.0
"""Where the rig file has no `max_bias_n`: above the drift of a wrist sensor within a day, below the
weight of a gripper that nobody told it of."""


class WrenchBias:
    """A sensor that was not tared, or a tool that its driver does not know, shifts every force."""

    name = "wrench_bias"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare the mean force, while nobody touches the arm, with `max_bias_n`.

        What the stored calibration explains, bias and weight of the tool, is taken out first.
        """
        found, worst = [], (0.0, 0.0, 0.0)
        for name, arm in context.rig.arms.items():
            if arm.wrench is None:
                continue
            limit_n = arm.wrench.max_bias_n or DEFAULT_LIMIT_N
            topic = arm_topic(arm.prefix, topics.FOLLOWER_WRENCH)
            force_n = context.observation(topic).mean_force_n
            if force_n is None:
                todo = "start the sensor's driver"
                return bad(self, f"{topic}: no force received", todo, "unknown", limit_n, "N")
            joints = context.joints(arm, topics.FOLLOWER_JOINT_STATES)
            posture = joints.by_name() if joints else {}
            try:
                bias_n = float(np.linalg.norm(unexplained_n(context, name, force_n, posture)))
            except (ConfigError, MissingExtraError) as error:
                return unseen(self, str(error), "correct frame_id, or install it")
            worst = max(worst, (bias_n / limit_n, bias_n, limit_n))
            if not bias_n <= limit_n:
                found.append(f"{topic}: {bias_n:.1f} N at rest, limit {limit_n:g} N")
        _, worst_n, of_n = worst
        if found:
            todo = "take every load off the tool, tare or calibrate the sensor, and check again"
            return bad(self, "; ".join(found), todo, round(worst_n, 3), of_n, "N")
        if not of_n:
            return good(self, "the rig has no wrench sensor")
        return good(self, "no bias above its limit", round(worst_n, 3), of_n, "N")
