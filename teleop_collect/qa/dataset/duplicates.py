"""Which episodes are nearly the same?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.dataset.checks import About, DatasetCheck, Group
from teleop_collect.qa.dataset.digest import Digest
from teleop_collect.qa.findings import Layer, Limit, Remark, Severity
from teleop_collect.samples import FloatArray

TOLERANCE = 1e-5
"""rad, m and s: no two movements of a person agree so well."""


def run(group: Group) -> Iterator[About]:
    """Episodes that agree in start, end, duration and way with an earlier one."""
    keys = sorted({key for d in group for key in d.start})
    ordered = sorted((d for d in group if d.start), key=lambda d: d.duration_s or 0.0)
    prints = [_fingerprint(d, keys) for d in ordered]
    for i, digest in enumerate(ordered):
        for j in range(i - 1, -1, -1):
            if prints[i][0] - prints[j][0] > TOLERANCE:
                break
            if np.allclose(prints[i], prints[j], rtol=0.0, atol=TOLERANCE, equal_nan=True):
                message = f"is nearly the same as {ordered[j].episode_id}"
                yield About(digest.episode_id, Remark(Severity.INFO, message))
                break


def _fingerprint(digest: Digest, keys: list[str]) -> FloatArray:
    numbers = [digest.duration_s, digest.path_rad, digest.sparc]
    for posture in (digest.start, digest.end):
        numbers += [posture.get(key) for key in keys]
    return np.array([np.nan if n is None else n for n in numbers], dtype=np.float64)


CHECK = DatasetCheck(
    "near_duplicates",
    1,
    Layer.BEHAVIOUR,
    "fingerprint of start, end, duration, way and smoothness; own tolerance",
    run,
    limits=(Limit("difference of any number", TOLERANCE, "rad, m or s", Severity.INFO),),
)
