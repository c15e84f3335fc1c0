"""What the checks need to know of this machine, measured once a run."""

import os
from dataclasses import dataclass
from pathlib import Path

from teleop_collect.rig.processes import shm_free_bytes

_RMEM_MAX = Path("/proc/sys/net/core/rmem_max")


@dataclass(frozen=True)
class Machine:
    """This machine; None stands for what could not be found out.

    Attributes:
        shm_free_bytes: free shared memory.
        socket_buffer_bytes: largest receive buffer that a socket may ask for.
        local_only: ROS talks to this machine alone, so that nothing goes through a network card.
        clock_state: `synchronised`, `unsynchronised` or `unknown`, as the kernel says.
        clock_error_s: the disciplining program's estimate of the clock's error.
        loop_hz: rate that a paced loop of teleoperation's rate reached.
        clock_step_s: by how much UTC moved against the monotonic clock while the rig was observed.
    """

    shm_free_bytes: int
    socket_buffer_bytes: int | None = None
    local_only: bool = False
    clock_state: str = "unknown"
    clock_error_s: float | None = None
    loop_hz: float | None = None
    clock_step_s: float | None = None

    @classmethod
    def here(
        cls,
        clock_state: str = "unknown",
        clock_error_s: float | None = None,
        loop_hz: float | None = None,
        clock_step_s: float | None = None,
    ) -> "Machine":
        """Ask this machine for what is not given."""
        reach = os.environ.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
        buffer_bytes = _number(_RMEM_MAX)
        local_only = reach.upper() == "LOCALHOST"
        free = shm_free_bytes()
        return cls(
            free, buffer_bytes, local_only, clock_state, clock_error_s, loop_hz, clock_step_s
        )


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
