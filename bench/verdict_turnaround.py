"""How soon after a stop the operator hears what QA says.

    python bench/verdict_turnaround.py [--seconds 30] [--episodes 2]

The whole simulated rig runs, its operator works and is recorded: two RGB-D cameras, joints, a 500
Hz wrench. The time runs from the end of the episode, as its manifest states it, to the event
`verdict`, by which qa.json is in the episode's folder; the first episode meets a process that has
checked nothing yet. The rig goes on all the while. What the machine itself does to the recording is
told as well: verdicts of a busy machine are `fail`, because its cameras miss frames.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from report import Report

from teleop_collect import topics
from teleop_collect.cli.session import RigSession, SessionOptions, connect_client
from teleop_collect.nodes.rig_client import RigClient
from teleop_collect.qa.run import check_episode
from teleop_collect.rig.load import load_rig

GOAL_S = 2.0
TIMEOUT_S = 60.0
CHECKER = "episode_qa/set_parameters"
WATCHED_S = 0.5


def measure(client: RigClient, seconds: float) -> dict[str, Any]:
    """Record one episode of so many seconds; the event of its verdict, and the episode."""
    client.trigger(topics.SIM_RESET)
    client.wait_until(
        lambda: client.set_bool(topics.TELEOP_ENGAGE, True).success, TIMEOUT_S, "engaging"
    )
    started = client.trigger(topics.START_EPISODE)
    if not started.success:
        raise SystemExit(f"could not start: {started.message}")
    time.sleep(seconds)
    folder = Path(client.trigger(topics.STOP_EPISODE, TIMEOUT_S).message)
    client.set_bool(topics.TELEOP_ENGAGE, False)
    found: list[dict[str, Any]] = []

    def told() -> bool:
        found.extend(e for e in client.events() if e.get("kind") == "verdict")
        return any(e["episode_id"] == folder.name for e in found)

    client.wait_until(told, TIMEOUT_S, "the verdict")
    processor_s = checking_s(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    lost = [s[k] for s in manifest["streams"].values() for k in ("dropped_queue", "lost_transport")]
    size_mb = sum(f.stat().st_size for f in folder.iterdir()) / 1e6
    return {
        **next(e for e in found if e["episode_id"] == folder.name),
        "duration_s": manifest["duration_s"],
        "size_mb": size_mb,
        "processor_s": processor_s,
        "lost": sum(n for n in lost if isinstance(n, int)),
    }


def checking_s(folder: Path) -> float:
    """Processor time of the same check by itself, s: what it takes on a core that has nothing
    else to do."""
    began_s = time.process_time()
    check_episode(folder, write=False)
    return time.process_time() - began_s


def main() -> int:
    """Entry point."""
    form = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--episodes", type=int, default=2)
    options = parser.parse_args()
    report = Report("verdict_turnaround")
    loaded, longest_s = load_rig("sim_tabletop"), 0.0
    with tempfile.TemporaryDirectory(prefix="verdict-") as root:
        session_options = SessionOptions(root=Path(root), own_domain=True)
        with RigSession(loaded, session_options) as session, connect_client() as client:
            for service in (topics.START_EPISODE, CHECKER):
                session.wait_ready(client, service)
            client.set_parameters("recorder", {"check_override": "bench: a busy machine is told"})
            # Its test motion does not belong into an episode.
            client.wait_until(
                lambda: bool(client.state(topics.RIG_CHECK_RESULT)), TIMEOUT_S, "the rig check"
            )
            for number in range(options.episodes):
                found = measure(client, options.seconds)
                longest_s = max(longest_s, found["after_stop_s"])
                names = (
                    "after_stop_s", "processor_s", "verdict", "duration_s", "size_mb", "lost",
                )  # fmt: skip
                figures = {name: found[name] for name in names}
                report.row(f"episode {number + 1}", **figures)
                time.sleep(WATCHED_S)
    report.at_most("verdict_after_stop_s", longest_s, GOAL_S)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
