"""Record labelled episodes on the simulated rig over real ROS 2, check, report and export them.

A scripted operator moves an emulated Dynamixel leader arm through its real driver; the simulated
follower does what teleoperation lets through. No hardware, no ROS installation, no display needed.

example: teleop-collect demo --episodes 3 --root ~/demos
"""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from teleop_collect import topics
from teleop_collect.cli.demo_summary import print_summary
from teleop_collect.cli.operator_terminal import verdict_line
from teleop_collect.cli.output import own_command
from teleop_collect.cli.requirements import libraries_of, require_libraries
from teleop_collect.cli.session import (
    RigSession,
    SessionOptions,
    connect_client,
    run_rig_check,
    usable_root,
)
from teleop_collect.episodes.root import EPISODES
from teleop_collect.errors import EXIT_BAD, EXIT_GOOD, CheckFailed
from teleop_collect.rig.load import LoadedRig, load_rig

if TYPE_CHECKING:
    from teleop_collect.nodes.rig_client import Answer, RigClient

ATTEMPT_TIMEOUT_S = 60.0
EXPORT_LIBRARIES = dict.fromkeys(("av", "pyarrow", "pandas"), "lerobot")
OPERATOR = "sim_operator"
ATTEMPTS = 3
"""How often an episode that a fault ended is tried again."""
CHECK_ATTEMPTS = 3
"""A machine that still starts processes may miss its rates at first."""
VERDICT_TIMEOUT_S = 10.0
POLL_S = 0.05
SETTLE_S = 0.7
"""The new scene's textures load and its objects come to rest."""
DEFAULT_ROOT = "~/teleop_collect/demo"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    parser.add_argument("--episodes", type=_count, default=3, help="how many (default: 3)")
    parser.add_argument("--root", default=DEFAULT_ROOT, help=f"where (default: {DEFAULT_ROOT})")
    parser.add_argument("--seed", type=int, default=0, help="of scenes and operator (default: 0)")
    parser.add_argument("--rig", default="sim_tabletop", help="a simulated rig")


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 10_000:
        raise argparse.ArgumentTypeError("must be 1 to 10000")
    return value


def run(args: argparse.Namespace) -> int:
    """Record, check, export, summarise."""
    loaded = load_rig(args.rig)
    if loaded.rig.sim is None:
        raise CheckFailed(f"rig {loaded.rig.name!r} is not simulated; the demo needs one that is")
    # Found out before recording, not after.
    require_libraries({**libraries_of(loaded.rig), **EXPORT_LIBRARIES})
    root = usable_root(args.root)
    started_s = time.monotonic()
    folders = record_episodes(loaded, root, args.episodes, args.seed)
    recording_s = time.monotonic() - started_s
    judged = next(iter(loaded.rig.tasks.values())).success is not None
    return finish(root, folders, recording_s, judged=judged)


def record_episodes(loaded: LoadedRig, root: Path, count: int, seed: int) -> list[Path]:
    """Run the graph and record `count` episodes.

    Returns:
        Their folders, in order.
    """
    say(f"starting the simulated rig {loaded.rig.name!r}; episodes go to {root}")
    seeds = {"sim_rig": {"seed": seed}, "sim_operator": {"seed": seed}}
    options = SessionOptions(root=root, own_domain=True, parameters=seeds)
    with (
        RigSession(loaded, options) as session,
        connect_client(tuple(loaded.rig.objects)) as client,
    ):
        for service in (topics.START_EPISODE, topics.TELEOP_ENGAGE, topics.RIG_CHECK_RUN):
            session.wait_ready(client, service)
        client.wait_until(
            lambda: is_idle(session, client), ATTEMPT_TIMEOUT_S, "the scripted operator"
        )
        say("rig check ...")
        results = run_rig_check(client, attempts=CHECK_ATTEMPTS)["results"]
        say(f"rig check passed: {len(results)} checks")
        demo = Demonstration(loaded, session, client, root)
        return [demo.insist(index, count, seed + index) for index in range(count)]


def is_idle(session: RigSession, client: "RigClient") -> bool:
    """Whether the scripted operator waits for an episode.

    Raises:
        DeviceError: it, or the rig, has ended.
    """
    session.check_alive(also=OPERATOR)
    return bool(client.state(topics.SIM_OPERATOR_STATUS).get("state") == "idle")


class Demonstration:
    """What the person at the rig does for each episode."""

    def __init__(
        self, loaded: LoadedRig, session: RigSession, client: "RigClient", root: Path
    ) -> None:
        self._rig = loaded.rig
        self._task_id, self._task = next(iter(loaded.rig.tasks.items()))
        self._session = session
        self._client = client
        self._episodes = root / EPISODES

    def insist(self, index: int, count: int, seed: int) -> Path:
        """Record one attempt that lasts to its end.

        On a machine too busy for the control loop, teleoperation ends an episode by a fault. It is
        kept and marked as such; the person at the rig tries again.

        Raises:
            CheckFailed: a fault ended every attempt.
        """
        for _ in range(ATTEMPTS):
            folder = self.record(index, count, seed)
            if folder is not None:
                return folder
            say(f"episode {index + 1}/{count}: ended by a fault of teleoperation; kept; once more")
            self._client.set_bool(topics.TELEOP_ENGAGE, False)
        raise CheckFailed(
            f"a fault of teleoperation ended {ATTEMPTS} episodes in a row; the reasons stand in "
            f"{self._session.log_dir / 'teleop.log'}; a busy machine starves the control loop"
        )

    def record(self, index: int, count: int, seed: int) -> Path | None:
        """Reset the scene, engage, record one attempt, label what is seen, stop.

        Returns:
            The episode's folder; None when it ended before the operator had finished.
        """
        client = self._client
        client.set_parameters("sim_rig", {"seed": seed})
        accepted(client.trigger(topics.SIM_RESET), "scene reset")
        time.sleep(SETTLE_S)
        client.set_parameters("recorder", {"task": self._task_id})
        accepted(client.set_bool(topics.TELEOP_ENGAGE, True), "engaging teleoperation")
        episode_id = accepted(client.trigger(topics.START_EPISODE), "starting the episode")
        words = client.state(topics.EPISODE).get("instruction") or self._task.instruction
        say(f"episode {index + 1}/{count}: {episode_id}: {words} ...")
        client.wait_until(
            lambda: self._has_ended(episode_id) or self._is_done(episode_id),
            ATTEMPT_TIMEOUT_S,
            "the scripted operator to finish",
        )
        if self._has_ended(episode_id):
            return None
        success = self._sees_success()
        if success is not None:
            accepted(client.set_bool(topics.LABEL_SUCCESS, success), "labelling")
        folder = accepted(client.trigger(topics.STOP_EPISODE), "stopping the episode")
        client.set_bool(topics.TELEOP_ENGAGE, False)
        outcome = {True: "success", False: "failure", None: "not labelled"}[success]
        say(f"episode {index + 1}/{count}: {outcome}, saved")
        self._await_verdict(episode_id)
        return Path(folder)

    def _await_verdict(self, episode_id: str) -> None:
        """Say what QA found; the operator would know before the next attempt."""
        deadline_s = time.monotonic() + VERDICT_TIMEOUT_S
        while time.monotonic() < deadline_s:
            for event in self._client.events():
                if event.get("kind") == "verdict" and event.get("episode_id") == episode_id:
                    say(f"    {verdict_line(event)}")
                    return
            time.sleep(POLL_S)
        say("    no verdict yet; all episodes are checked again in the end")

    def _has_ended(self, episode_id: str) -> bool:
        # A finished episode appears here at once and whole.
        return (self._episodes / episode_id).exists()

    def _is_done(self, episode_id: str) -> bool:
        self._session.check_alive(also=OPERATOR)
        status = self._client.state(topics.SIM_OPERATOR_STATUS)
        if status.get("episode_id") != episode_id:
            return False
        if status["state"] == "failed":
            raise CheckFailed(f"the scripted operator gave up: {status['reason']}")
        return bool(status["state"] == "done")

    def _sees_success(self) -> bool | None:
        """Whether the task worked; None where nothing says what that means."""
        from teleop_collect.episodes.success import evaluate

        if self._task.success is None:
            return None
        return evaluate(self._task.success, self._client.poses())


def accepted(answer: "Answer", what: str) -> str:
    """The answer's message.

    Raises:
        CheckFailed: the service refused.
    """
    if not answer.success:
        raise CheckFailed(f"{what} was refused: {answer.message}")
    return answer.message


def finish(root: Path, folders: list[Path], recording_s: float, *, judged: bool) -> int:
    """Check, report, export and summarise the recorded episodes.

    Args:
        root: the dataset root.
        folders: of the episodes.
        recording_s: how long recording took, s.
        judged: whether the task has a success predicate.
    """
    from teleop_collect.export.lerobot.run import ExportOptions, export_lerobot
    from teleop_collect.qa.report.dataset import examine, write_page

    say("checking episodes ...")
    entries = [examine(folder, draw=True) for folder in folders]
    report = write_page(entries, root / "report.html")
    good = print_summary(
        folders, [e.document["verdict"] for e in entries], recording_s, judged=judged
    )
    print(f"\nepisodes    {root / 'episodes'}\nreport      {report}")
    say("exporting to LeRobot v3 ...")
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    out = root / "exports" / f"lerobot-{stamp}"
    export = export_lerobot(root, out, ExportOptions(outcome="all"))
    print(f"LeRobot v3  {export.out}: {export.episodes} episodes, {export.frames} frames")
    print("\nTry next:")
    for words in (
        ("episodes", "show", "latest", "--root", root),
        ("verify", folders[-1]),
        ("replay", "latest", "--root", root),
    ):
        print(f"  {own_command(*words)}")
    return EXIT_GOOD if good else EXIT_BAD


def say(text: str) -> None:
    """Progress on stderr."""
    print(text, file=sys.stderr, flush=True)
