"""What the drivers of a rig say of themselves on /diagnostics."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class DriverStatus:
    """One status of one driver.

    Attributes:
        level: ok, warn, error or stale.
        message: in words.
        values: further facts, as text.
    """

    level: str
    message: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class DriverStatuses:
    """The newest status by name, such as `follower_arm: follower left`."""

    by_name: Mapping[str, DriverStatus]

    def renewed(self, newer: "DriverStatuses") -> "DriverStatuses":
        """These and newer ones, which replace those of the same name."""
        return DriverStatuses({**self.by_name, **newer.by_name})
