"""Check: joints at rest read steadily."""

from collections.abc import Iterator

from teleop_collect import topics
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.topics import arm_topic

MAX_NOISE = 0.005
"""rad, or m: three ticks of a 12-bit encoder; a loose magnet or plug gives far more."""


class EncoderNoise:
    """Standard deviation of one reading, by differences of neighbours: movement does not count."""

    name = "encoder_noise"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Judge every joint of every arm's two sides."""
        noises = list(_noises(context))
        if not noises:
            todo = "start leader and follower"
            return bad(self, "no joint states received", todo, "unknown", MAX_NOISE, "rad or m")
        loud = [f"{where}: {sigma:.4f}" for sigma, where in noises if not sigma <= MAX_NOISE]
        worst = max(sigma for sigma, _ in noises)
        measured = round(worst, 5) if worst == worst else "not a number"
        if loud:
            todo = "check plugs and the encoder's magnet; replace the servo if it stays"
            return bad(self, "; ".join(loud), todo, measured, MAX_NOISE, "rad or m")
        return good(self, f"{len(noises)} joints read steadily", measured, MAX_NOISE, "rad or m")


def _noises(context: CheckContext) -> Iterator[tuple[float, str]]:
    for arm in context.rig.arms.values():
        for name in (topics.LEADER_JOINT_STATES, topics.FOLLOWER_JOINT_STATES):
            topic = arm_topic(arm.prefix, name)
            trace = context.observation(topic).trace
            if trace is not None:
                yield from ((sigma, f"{topic}: {j}") for j, sigma in trace.noise().items())
