"""Which episodes are unlike the others of their task: in length, way and smoothness?"""

from collections.abc import Callable, Iterator

import numpy as np

from teleop_collect.qa.dataset.checks import About, DatasetCheck, Group
from teleop_collect.qa.findings import Layer, Limit, Measure, Remark, Severity

MIN_EPISODES = 8
WHISKER = 1.5
"""Times the interquartile range beyond the quartiles (Tukey 1977)."""


def outliers_of(
    key: str, what: str, unit: str, least: float
) -> Callable[[Group], Iterator[About | Measure]]:
    """A check of one number of the digest against its group.

    Args:
        key: field of the digest.
        what: the number in words.
        unit: its unit.
        least: distance from the quartiles that is ordinary however alike the others are.
    """

    def run(group: Group) -> Iterator[About | Measure]:
        found = [(d.episode_id, v) for d in group if (v := getattr(d, key)) is not None]
        if len(found) < MIN_EPISODES:
            return
        low, middle, high = np.percentile([v for _, v in found], [25, 50, 75])
        yield Measure("median", float(middle), unit)
        yield Measure("interquartile_range", float(high - low), unit)
        reach = max(WHISKER * (high - low), least)
        for episode_id, value in found:
            if not low - reach <= value <= high + reach:
                limit = float(high + reach if value > high else low - reach)
                message = f"{what} {value:.3g} {unit} is unlike the task's (limit {limit:.3g})"
                remark = Remark(Severity.INFO, message, None, None, float(value), limit, unit)
                yield About(episode_id, remark)

    return run


def _check(name: str, key: str, what: str, unit: str, least: float = 0.0) -> DatasetCheck:
    ordinary = (Limit("distance that is ordinary", least, unit, Severity.INFO),) if least else ()
    return DatasetCheck(
        name,
        1,
        Layer.BEHAVIOUR,
        "Tukey's fences within one task and device, as score_lerobot_episodes does for durations",
        outliers_of(key, what, unit, least),
        limits=(
            Limit("interquartile ranges beyond the quartiles", WHISKER, "1", Severity.INFO),
            Limit("episodes of the task, at least", MIN_EPISODES, "1", Severity.INFO),
            *ordinary,
        ),
    )


DURATION = _check("duration_outliers", "duration_s", "duration", "s")
PATH = _check("path_outliers", "path_rad", "way of the joints", "rad")
SMOOTHNESS = _check("smoothness_outliers", "sparc", "SPARC", "1")
LAG = _check("lag_outliers", "lag_ms", "action-to-state lag", "ms")
JERK = _check("jerk_outliers", "ldlj", "LDLJ", "1", 0.1)
IDLE = _check("idle_outliers", "idle_share", "idle share", "1", 0.1)
SPIKES = _check("spike_outliers", "spikes", "jumps of the action", "1", 5.0)
GRIPPER = _check("gripper_outliers", "gripper_changes", "changes of the gripper", "1", 2.0)
