"""Orders unlabelled episodes by how much a person's label of each would tell.

    score = (diversity + disagreement) / 2, each from 0 to 1

Diversity: distance to the nearest episode of the task that has a person's label or stands earlier
in the queue (greedy k-centre: Sener and Savarese 2018, "Active learning for convolutional neural
networks: a core-set approach"), over the largest such distance at first. Distances are root mean
squares over features (duration, QA's measures, when steps were reached), each minus its median and
over its interquartile range within the task, clipped to +-3.

Disagreement: 1 - |2 p - 1|, where p is the mean of the votes: the predicates' label (unknown: 1/2),
QA's verdict (pass 1, review 1/2, fail 0), and the share of successes among the five nearest
episodes of the task that have a person's label.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from teleop_collect.episodes.files import QA, read_json
from teleop_collect.episodes.labels import read_labels
from teleop_collect.episodes.rows import EpisodeRow
from teleop_collect.errors import UnreadableError
from teleop_collect.samples import FloatArray

NEIGHBOURS = 5
CLIP = 3.0
MIN_SHARE = 0.5
"""A feature counts when at least this share of a task's episodes has it."""
VERDICT_VOTES = {"pass": 1.0, "review": 0.5, "fail": 0.0}


@dataclass(frozen=True)
class Informative:
    """One unlabelled episode and why it stands where it stands."""

    row: EpisodeRow
    score: float
    diversity: float
    disagreement: float


def informative(rows: Sequence[EpisodeRow]) -> list[Informative]:
    """Episodes without a person's label, the most informative first; tasks are interleaved."""
    readable = [row for row in rows if row.problem is None]
    queue = []
    for task_id in {row.task_id for row in readable}:
        queue += _of_one_task([row for row in readable if row.task_id == task_id])
    # The order within a task is that of the greedy choice; its scores only fall.
    return sorted(queue, key=lambda item: (-item.score, item.row.episode_id))


def _of_one_task(rows: Sequence[EpisodeRow]) -> list[Informative]:
    table = standardised([features(row) for row in rows])
    open_ = [i for i, row in enumerate(rows) if row.person is None]
    labelled = [i for i, row in enumerate(rows) if row.person is not None]
    votes = np.array([_disagreement(i, rows, table, labelled) for i in open_])
    seen = labelled or [int(np.argmin(np.linalg.norm(table, axis=1)))]
    nearest = np.array([_distances(table, seen, i).min() for i in open_])
    largest = float(nearest.max()) if len(nearest) and nearest.max() > 0 else 1.0
    found: list[Informative] = []
    left = list(range(len(open_)))
    while left:
        diversity = nearest[left] / largest
        scores = (diversity + votes[left]) / 2
        best = int(np.argmax(scores))
        chosen = left.pop(best)
        row = rows[open_[chosen]]
        score = min(float(scores[best]), found[-1].score if found else 1.0)
        found.append(Informative(row, score, float(diversity[best]), float(votes[chosen])))
        nearest = np.minimum(nearest, _distances(table, open_, open_[chosen]))
    return found


def features(row: EpisodeRow) -> dict[str, float]:
    """Numbers that describe an episode, by name; empty where its small files say nothing."""
    found: dict[str, float] = {}
    if row.duration_s is not None:
        found["duration_s"] = row.duration_s
    try:
        document = read_json(row.folder / QA) if (row.folder / QA).is_file() else {}
        labels = read_labels(row.folder)
    except UnreadableError:
        return found
    measures = document.get("measures")
    for check, taken in (measures if isinstance(measures, dict) else {}).items():
        for measure in taken if isinstance(taken, list) else []:
            if isinstance(measure, dict) and isinstance(value := measure.get("value"), int | float):
                found[f"{check}/{measure.get('name')}/{measure.get('stream')}"] = float(value)
    evidence = next((x.evidence for x in reversed(labels) if x.evidence is not None), {})
    return found | _numbers(evidence.get("steps"))


def _numbers(steps: object) -> dict[str, float]:
    """When steps were reached, s, as far as evidence tells."""
    told = steps if isinstance(steps, dict) else {}
    return {
        f"step/{name}": float(step["reached_s"])
        for name, step in told.items()
        if isinstance(step, dict) and isinstance(step.get("reached_s"), int | float)
    }


def standardised(found: Sequence[Mapping[str, float]]) -> FloatArray:
    """Features as a table, shape (episodes, features): median 0, interquartile range 1, clipped.

    What an episode does not have stands at the median; features that few have, or that do not
    vary, are left out.
    """
    counts = Counter(name for features_ in found for name in features_)
    names = sorted(name for name, count in counts.items() if count >= MIN_SHARE * len(found))
    table = np.array([[f.get(name, np.nan) for name in names] for f in found], dtype=float)
    table = table.reshape(len(found), len(names))
    low, middle, high = (np.nanquantile(table, q, axis=0) for q in (0.25, 0.5, 0.75))
    varies = high > low
    scaled = (table[:, varies] - middle[varies]) / (high - low)[varies]
    clipped: FloatArray = np.clip(np.nan_to_num(scaled, nan=0.0), -CLIP, CLIP)
    return clipped


def _distances(table: FloatArray, rows: Sequence[int], one: int) -> FloatArray:
    if not table.shape[1]:
        return np.zeros(len(rows))
    apart: FloatArray = np.sqrt(((table[list(rows)] - table[one]) ** 2).mean(axis=1))
    return apart


def _disagreement(
    one: int, rows: Sequence[EpisodeRow], table: FloatArray, labelled: Sequence[int]
) -> float:
    row = rows[one]
    votes = [0.5 if row.predicate is None else float(row.predicate)]
    if row.verdict in VERDICT_VOTES:
        votes.append(VERDICT_VOTES[row.verdict])
    if labelled:
        order: NDArray[np.int64] = np.argsort(_distances(table, labelled, one), kind="stable")
        near = [labelled[i] for i in order[:NEIGHBOURS]]
        votes.append(float(np.mean([bool(rows[i].person) for i in near])))
    return 1.0 - abs(2.0 * float(np.mean(votes)) - 1.0)
