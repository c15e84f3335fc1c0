"""How the values of a device's calibrations change over time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from teleop_collect.rig.calibration.devices import serials_of
from teleop_collect.rig.calibration.records import KINDS, Calibration, Kind
from teleop_collect.rig.calibration.store import RigFile, history

NOT_MEASURED = frozenset({"board", "width", "height", "sign"})
"""Parts of values that are settings, not measurements."""


@dataclass(frozen=True)
class Course:
    """All calibrations of one kind of one device, oldest first.

    Attributes:
        kind: of calibration.
        device: as in calibration files.
        calibrations: at least one.
    """

    kind: Kind
    device: str
    calibrations: tuple[Calibration, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all numbers that the newest calibration holds."""
        return tuple(measured(self.calibrations[-1]))

    def values(self, name: str) -> list[float]:
        """One number in every calibration that has it, oldest first."""
        found = (measured(calibration).get(name) for calibration in self.calibrations)
        return [value for value in found if value is not None]

    def times_s(self, name: str) -> list[float]:
        """When each of `values` was measured, s since the Unix epoch."""
        return [c.made_ns / 1e9 for c in self.calibrations if name in measured(c)]

    def drift(self, name: str) -> float:
        """Change from the oldest to the newest calibration."""
        values = self.values(name)
        return values[-1] - values[0]


def courses(loaded: RigFile) -> tuple[Course, ...]:
    """The course of every device that has been calibrated; damaged files are left out."""
    found = []
    for kind in KINDS:
        for device in serials_of(loaded.rig):
            stored = history(loaded, kind, device)
            if stored:
                found.append(Course(kind, device, tuple(s.calibration for s in stored)))
    return tuple(found)


def measured(calibration: Calibration) -> dict[str, float]:
    """Every measured number of a calibration by its dotted name."""
    return dict(_numbers(calibration.values.model_dump(), ""))


def _numbers(value: object, name: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, bool | str) or value is None:
        return
    if isinstance(value, int | float):
        yield name, float(value)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            if key not in NOT_MEASURED:
                yield from _numbers(part, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _numbers(part, f"{name}[{index}]")
