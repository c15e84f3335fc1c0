"""teleop_collect: robot-learning demonstrations that can be trusted.

The folders, in the order in which data flows:

    rig/         the typed rig file, robot description, checks
    devices/     leader arms, cameras, the simulated rig and its emulated servo bus
    teleop/      map, align, limit, watch: pure
    recording/   session state machine, loss ledger, MCAP writer, salvage
    episodes/    reader, timeline (the one place that resamples), labels, success predicates
    qa/          one check a file, verdict, report
    export/      LeRobot v3
    view/        an episode in Rerun
    provenance/  manifest
    nodes/       the only ROS code
    cli/         arguments -> one core call -> exit code

`errors`, `clock`, `samples` and `topics` are what crosses those boundaries.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from teleop_collect.episodes.reader import Episode

__version__ = "0.1.0"


def open_episode(path: str | Path) -> "Episode":
    """Open an episode folder, an MCAP file, or a folder of another rosbag2 recorder.

    Raises:
        teleop_collect.errors.UnreadableError: it is none of these, or it is damaged.
    """
    from teleop_collect.episodes import reader

    return reader.open_episode(path)
