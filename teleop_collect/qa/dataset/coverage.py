"""How much of the range of starts and object places do the episodes cover?"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from teleop_collect.qa.dataset.checks import About, DatasetCheck, Group
from teleop_collect.qa.findings import Layer, Limit, Measure, Remark, Severity
from teleop_collect.samples import FloatArray

CELLS = 5
"""Of each axis' range."""
MIN_EPISODES = 8
MIN_OCCUPANCY = 0.2
LEAST_RANGE = 1e-4


def occupancy(values: FloatArray) -> float | None:
    """Cells of a 5 x 5 grid over two axes that hold an episode, of those that could.

    Args:
        values: shape (episodes, 2).

    Returns:
        None when nothing varies.
    """
    span = np.ptp(values, axis=0)
    if (span < LEAST_RANGE).all():
        return None
    share = (values - values.min(axis=0)) / np.maximum(span, LEAST_RANGE)
    cells = np.minimum((share * CELLS).astype(int), CELLS - 1)
    reachable = min(len(values), int(np.prod(np.where(span < LEAST_RANGE, 1, CELLS))))
    return len(np.unique(cells, axis=0)) / reachable


def _starts(group: Group) -> Iterator[tuple[str, FloatArray]]:
    """The two joints whose start varies most."""
    common = set.intersection(*(set(d.start) for d in group)) if group else set()
    table = {key: np.array([d.start[key] for d in group]) for key in sorted(common)}
    widest = sorted(table, key=lambda key: -float(np.ptp(table[key])))[:2]
    if len(widest) == 2:
        yield f"start of {widest[0]} and {widest[1]}", np.stack([table[k] for k in widest], axis=1)


def _objects(group: Group) -> Iterator[tuple[str, FloatArray]]:
    """The x and y of each object that all episodes track."""
    maps: list[Mapping[str, tuple[float, ...]]] = [d.objects for d in group]
    common = set.intersection(*(set(m) for m in maps)) if maps else set()
    for topic in sorted(common):
        yield f"place of {topic}", np.array([m[topic][:2] for m in maps])


def _run(
    places: Callable[[Group], Iterator[tuple[str, FloatArray]]],
) -> Callable[[Group], Iterator[About | Measure]]:
    def run(group: Group) -> Iterator[About | Measure]:
        if len(group) < MIN_EPISODES:
            return
        for what, values in places(group):
            share = occupancy(values)
            yield Measure(f"{what}: range", float(np.ptp(values, axis=0).max()), "rad or m")
            if share is None:
                continue
            yield Measure(f"{what}: occupancy", share, "1")
            if share < MIN_OCCUPANCY:
                message = (
                    f"{what}: {100 * share:.0f}% of the reachable cells hold an episode (limit "
                    f"{100 * MIN_OCCUPANCY:g}%); vary it more"
                )
                yield About(
                    None, Remark(Severity.INFO, message, None, None, share, MIN_OCCUPANCY, "1")
                )

    return run


def _check(name: str, places: Callable[[Group], Iterator[tuple[str, FloatArray]]]) -> DatasetCheck:
    return DatasetCheck(
        name,
        1,
        Layer.BEHAVIOUR,
        "occupied cells of a 5 x 5 grid: rda's levels 0.05, 0.1 and 0.2",
        _run(places),
        limits=(
            Limit("occupied cells, at least", 100 * MIN_OCCUPANCY, "%", Severity.INFO),
            Limit("episodes of the task, at least", MIN_EPISODES, "1", Severity.INFO),
        ),
    )


START_COVERAGE = _check("start_coverage", _starts)
OBJECT_COVERAGE = _check("object_coverage", _objects)
