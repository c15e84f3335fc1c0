"""What one part of a condition measured over an episode: the evidence behind a label."""

import math
from array import array
from typing import Any

MAX_POINTS = 150
"""Points kept of a series in evidence; moments at which the answer changes are always kept."""
_SHOWN_DIGITS = 5


class Series:
    """Value over time of one comparison, or of one function that is true or false.

    Args:
        text: as it stands in the condition.
        unit: of values and limit; empty where the value only says how clearly it holds.
        limit: what the value is compared with; None when that varies, and the value is the
            difference.
    """

    def __init__(self, text: str, unit: str, limit: float | None) -> None:
        self.text = text
        self.unit = unit
        self.limit = limit
        self._t_s = array("d")
        self._values = array("d")
        self._holds: list[bool | None] = []

    def add(self, t_s: float, value: float, holds: bool | None) -> None:
        """Append one moment; NaN stands for unknown."""
        self._t_s.append(t_s)
        self._values.append(value)
        self._holds.append(holds)

    def as_document(self) -> dict[str, Any]:
        """`t_s`, `value` (None where unknown) and `holds`, thinned out to `MAX_POINTS`."""
        kept = self._kept()
        return {
            "text": self.text,
            "unit": self.unit,
            "limit": self.limit,
            "t_s": [round(self._t_s[i], 3) for i in kept],
            "value": [_shown(self._values[i]) for i in kept],
            "holds": [self._holds[i] for i in kept],
        }

    def _kept(self) -> list[int]:
        """Evenly spread moments, both ends, and the moments before and after every change."""
        count = len(self._t_s)
        step = max(1, math.ceil(count / MAX_POINTS))
        changes = [i for i in range(1, count) if self._holds[i] is not self._holds[i - 1]]
        near = {j for i in changes[:MAX_POINTS] for j in (i - 1, i)}
        return sorted({*range(0, count, step), *([count - 1] if count else []), *near})


def _shown(value: float) -> float | None:
    if not math.isfinite(value):
        return None
    return float(f"{value:.{_SHOWN_DIGITS}g}")
