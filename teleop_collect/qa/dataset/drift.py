"""Do operators, or days, differ from the others of their task?"""

from collections.abc import Callable, Iterator

import numpy as np

from teleop_collect.qa.dataset.checks import About, DatasetCheck, Group
from teleop_collect.qa.findings import Layer, Limit, Measure, Remark, Severity

SHIFT_LIMIT = 3.0
MIN_EACH = 3
NUMBERS = (("duration_s", "s"), ("path_rad", "rad"), ("sparc", "1"), ("lag_ms", "ms"))


def _run(key: str) -> Callable[[Group], Iterator[About | Measure]]:
    def run(group: Group) -> Iterator[About | Measure]:
        for number, unit in NUMBERS:
            rows = [(getattr(d, key), v) for d in group if (v := getattr(d, number)) is not None]
            for who in sorted({who for who, _ in rows}):
                ours = np.array([value for w, value in rows if w == who])
                others = np.array([value for w, value in rows if w != who])
                if min(len(ours), len(others)) < MIN_EACH:
                    continue
                spread = max(float(others.std(ddof=1)), 1e-9)
                shift = float(ours.mean() - others.mean()) / spread
                yield Measure(f"{number} of {who}", shift, "deviations")
                if abs(shift) > SHIFT_LIMIT:
                    message = (
                        f"{number} of {key} {who} is {shift:+.1f} deviations from the others' "
                        f"(limit {SHIFT_LIMIT:g}): {ours.mean():.3g} against {others.mean():.3g} "
                        f"{unit}"
                    )
                    remark = Remark(
                        Severity.INFO, message, None, None, abs(shift), SHIFT_LIMIT, "deviations"
                    )
                    yield About(None, remark)

    return run


def _check(name: str, key: str) -> DatasetCheck:
    return DatasetCheck(
        name,
        1,
        Layer.BEHAVIOUR,
        "shift of means over 3 standard deviations: lerobot-doctor, for operators and days",
        _run(key),
        limits=(
            Limit("shift of a mean", SHIFT_LIMIT, "deviations", Severity.INFO),
            Limit("episodes on each side, at least", MIN_EACH, "1", Severity.INFO),
        ),
    )


OPERATOR_DRIFT = _check("operator_drift", "operator")
DAY_DRIFT = _check("day_drift", "day")
