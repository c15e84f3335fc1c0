"""The rank of the process that notes receptions."""

import os
from contextlib import suppress

from teleop_collect.process import CONTROL_PRIORITY


def rank_observer() -> None:
    """What notes receptions must not wait for a core; the processes it starts rank themselves."""
    policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
    with suppress(OSError):
        os.sched_setscheduler(0, policy, os.sched_param(CONTROL_PRIORITY))
