"""Where values of an episode are drawn: one Rerun recording with the episode's two time lines."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.streams import Int64Array
from teleop_collect.view.rerun_library import import_rerun

APPLICATION = "teleop_collect"
SINCE_START, UTC = "t", "utc"


class Canvas:
    """One recording; times are those of reception.

    Args:
        name: of the episode.
        started_ns: its start, UTC ns.

    Attributes:
        rr: Rerun's SDK.
        recording: what is drawn on.

    Raises:
        MissingExtraError: rerun-sdk is not installed.
    """

    def __init__(self, name: str, started_ns: int) -> None:
        self.rr: Any = import_rerun()
        self.recording: Any = self.rr.RecordingStream(APPLICATION, recording_id=name)
        self._started_ns = started_ns

    def always(self, path: str, *what: Any) -> None:
        """Draw what holds for the whole episode."""
        self.recording.log(path, *what, static=True)

    def at(self, log_ns: int, path: str, what: Any) -> None:
        """Draw something at one moment."""
        since_s = (log_ns - self._started_ns) / NS_PER_S
        self.recording.set_time(SINCE_START, duration=since_s)
        self.recording.set_time(UTC, timestamp=np.datetime64(log_ns, "ns"))
        self.recording.log(path, what)

    def series(self, path: str, log_ns: Int64Array, columns: Any) -> None:
        """Draw a whole stream at once; `columns` as Rerun's archetypes make them."""
        since_s = (log_ns - self._started_ns) / NS_PER_S
        times = [
            self.rr.TimeColumn(SINCE_START, duration=since_s),
            self.rr.TimeColumn(UTC, timestamp=log_ns.astype("datetime64[ns]")),
        ]
        self.recording.send_columns(path, indexes=times, columns=columns)

    def curve(self, path: str, log_ns: Int64Array, values: NDArray[np.float64], name: str) -> None:
        """Draw numbers over time; those that are unknown are left out."""
        known = np.isfinite(values)
        if not known.any():
            return
        self.always(path, self.rr.SeriesLines(names=name))
        self.series(path, log_ns[known], self.rr.Scalars.columns(scalars=values[known]))


Draw = Callable[[Canvas], None]
