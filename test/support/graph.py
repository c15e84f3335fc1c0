"""A running rig for tests: processes of the graph on a ROS domain of their own."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from teleop_collect import topics
from teleop_collect.cli.session import RigSession, SessionOptions, connect_client
from teleop_collect.nodes.rig_client import RigClient
from teleop_collect.rig.load import LoadedRig, load_rig
from teleop_collect.rig.processes import processes_of


@dataclass(frozen=True)
class RunningRig:
    """A rig's graph and a person's client to it."""

    loaded: LoadedRig
    session: RigSession
    client: RigClient

    def log(self, process: str) -> str:
        """Everything a process has printed so far."""
        return (self.session.log_dir / f"{process}.log").read_text()


@contextmanager
def running_rig(
    root: Path, rig: str = "sim_tabletop", only: Sequence[str] | None = None
) -> Iterator[RunningRig]:
    """Run a rig's graph, or only the processes named.

    Args:
        root: where episodes go.
        rig: shipped rig or path.
        only: process names; the whole graph when None.
    """
    loaded = load_rig(rig)
    processes = [p for p in processes_of(loaded) if only is None or p.name in only]
    options = SessionOptions(root=root, own_domain=True)
    with (
        RigSession(loaded, options, processes) as session,
        connect_client(tuple(loaded.rig.objects)) as client,
    ):
        names = {p.name for p in processes}
        for name, service in (
            ("recorder", topics.START_EPISODE),
            ("teleop", topics.TELEOP_ENGAGE),
            ("rig_check", topics.RIG_CHECK_RUN),
        ):
            if name in names:
                session.wait_ready(client, service)
        yield RunningRig(loaded, session, client)


def wait_for(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Poll until `condition()` holds; fails the test with `what` when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s:g} s for {what}"
        time.sleep(0.02)
