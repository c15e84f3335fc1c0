"""Which episodes are nearly the same?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.dataset.checks import About, DatasetCheck, Group
from teleop_collect.qa.dataset.digest import Digest
from teleop_collect.qa.findings import Layer, Limit, Remark, Severity
from teleop_collect.samples import FloatArray

TOLERANCE = 1e-5
"""rad, m and s: no two movements of a person agree so well."""
WAY_TOLERANCE = 0.01
"""rad or m at any of 32 points: a replay tracks better, and no person repeats a way so well."""


def run(group: Group) -> Iterator[About]:
    """Episodes that agree with an earlier one: as copies, or in the way that the joints went.

    The way has no timing, so a movement that was replayed, or whose rest was cut off, is found;
    what was cut while the robot moved is not.
    """
    said: set[str] = set()
    for episode_id, other, what in (*_copies(group), *_same_way(group)):
        if episode_id not in said:
            said.add(episode_id)
            yield About(episode_id, Remark(Severity.INFO, f"{what} {other}"))


def _copies(group: Group) -> Iterator[tuple[str, str, str]]:
    keys = sorted({key for d in group for key in d.start})
    ordered = sorted((d for d in group if d.start), key=lambda d: d.duration_s or 0.0)
    prints = [_fingerprint(d, keys) for d in ordered]
    for i, digest in enumerate(ordered):
        for j in range(i - 1, -1, -1):
            if prints[i][0] - prints[j][0] > TOLERANCE:
                break
            if np.allclose(prints[i], prints[j], rtol=0.0, atol=TOLERANCE, equal_nan=True):
                yield digest.episode_id, ordered[j].episode_id, "is nearly the same as"
                break


def _same_way(group: Group) -> Iterator[tuple[str, str, str]]:
    by_joints: dict[tuple[str, ...], list[Digest]] = {}
    for digest in group:
        if digest.path:
            by_joints.setdefault(tuple(sorted(digest.path)), []).append(digest)
    for joints, digests in by_joints.items():
        ways = np.array([np.concatenate([d.path[j] for j in joints]) for d in digests])
        for i in range(1, len(digests)):
            apart = np.abs(ways[:i] - ways[i]).max(axis=1)
            nearest = int(np.argmin(apart))
            if apart[nearest] <= WAY_TOLERANCE:
                what = "repeats the movement of"
                yield digests[i].episode_id, digests[nearest].episode_id, what


def _fingerprint(digest: Digest, keys: list[str]) -> FloatArray:
    numbers = [digest.duration_s, digest.path_rad, digest.sparc]
    for posture in (digest.start, digest.end):
        numbers += [posture.get(key) for key in keys]
    return np.array([np.nan if n is None else n for n in numbers], dtype=np.float64)


CHECK = DatasetCheck(
    "near_duplicates",
    2,
    Layer.BEHAVIOUR,
    "fingerprint of start, end, duration, way and smoothness; way at 32 points; own tolerances",
    run,
    limits=(
        Limit("difference of any number", TOLERANCE, "rad, m or s", Severity.INFO),
        Limit("or difference at any point of the way", WAY_TOLERANCE, "rad or m", Severity.INFO),
    ),
)
