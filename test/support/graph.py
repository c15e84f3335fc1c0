"""A running rig for tests: processes of the graph on a ROS domain of their own."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.warm_starts import warm_interpreter

from teleop_collect import topics
from teleop_collect.cli.session import RigSession, SessionOptions, connect_client
from teleop_collect.clock import SystemClock
from teleop_collect.nodes.rig_client import RigClient
from teleop_collect.rig.checks.kept_report import keep_report
from teleop_collect.rig.checks.report import RigCheckReport
from teleop_collect.rig.checks.result import CheckResult
from teleop_collect.rig.checks.run import NAMES
from teleop_collect.rig.load import LoadedRig, load_rig
from teleop_collect.rig.processes import processes_of


@dataclass(frozen=True)
class RunningRig:
    """A rig's graph, a person's client to it, and when the check that it took up was done."""

    loaded: LoadedRig
    session: RigSession
    client: RigClient
    kept_at_ns: int | None

    def log(self, process: str) -> str:
        """Everything a process has printed so far."""
        return (self.session.log_dir / f"{process}.log").read_text()


@contextmanager
def running_rig(
    root: Path,
    rig: str = "sim_tabletop",
    only: Sequence[str] | None = None,
    *,
    checked: bool = False,
) -> Iterator[RunningRig]:
    """Run a rig's graph, or only the processes named.

    Args:
        root: where episodes go.
        rig: shipped rig or path.
        only: process names; the whole graph when None.
        checked: as on a day on which the whole check has passed before, motion included: the rig
            check only renews its kept report by the quick check.
    """
    loaded = load_rig(rig)
    processes = [p for p in processes_of(loaded) if only is None or p.name in only]
    options = SessionOptions(root=root, own_domain=True, start=warm_interpreter().start)
    with (
        RigSession(loaded, options, ()) as session,
        connect_client(tuple(loaded.rig.objects)) as client,
    ):
        kept_at_ns = SystemClock().utc_ns() if checked else None
        if kept_at_ns is not None:
            keep_report(_passed(loaded, kept_at_ns))
        session.start(processes)
        names = {p.name for p in processes}
        for name, service in (
            ("recorder", topics.START_EPISODE),
            ("teleop", topics.TELEOP_ENGAGE),
            ("rig_check", topics.RIG_CHECK_RUN),
        ):
            if name in names:
                session.wait_ready(client, service)
        yield RunningRig(loaded, session, client, kept_at_ns)


def _passed(loaded: LoadedRig, at_ns: int) -> RigCheckReport:
    results = tuple(
        CheckResult(name, "error", True, None, None, "", "passed before", "") for name in NAMES
    )
    return RigCheckReport.of(loaded, at_ns, results)


def wait_for_check(rig: RunningRig) -> None:
    """Wait for the check at the start until the gate is open.

    A machine busy with other tests may need a second look.
    """

    def passed() -> bool:
        report = rig.client.state(topics.RIG_CHECK_RESULT)
        if not report or (report["at_ns"], report["quick_at_ns"]) == (rig.kept_at_ns, None):
            return False  # the node is still at it
        return report["result"] == "pass" or rig.client.trigger(topics.RIG_CHECK_RUN, 60).success

    wait_for(passed, 120, "the rig check to pass")


def wait_for(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Poll until `condition()` holds; fails the test with `what` when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s:g} s for {what}"
        time.sleep(0.02)
