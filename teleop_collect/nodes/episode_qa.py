"""Node `episode_qa`: checks each episode as soon as it is finished, while the scene still stands.

A process of its own, ranked below control and recording, that reads the file while it grows, so
that little is left to do after the stop. It writes qa.json into the episode's folder and says the
verdict on `episode/event`.
"""

import json
import os
import time
from pathlib import Path
from typing import Any

from std_msgs.msg import String

from teleop_collect import topics
from teleop_collect.clock import NS_PER_S
from teleop_collect.errors import TeleopCollectError
from teleop_collect.nodes.host import Host, run_node
from teleop_collect.nodes.look_ahead import LookAhead
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.provenance.manifest import iso_utc, read_manifest
from teleop_collect.qa.early import EarlyLook
from teleop_collect.qa.run import check_episode

POLL_S = 0.02
NICE = 1
"""Below control, recording and whatever has no rank of its own; further down, a busy machine would
let the operator wait."""
MAX_MESSAGES = 3
"""Findings that the event itself carries; all are in qa.json."""


class EpisodeQaNode:
    """Waits for finished episodes and checks one after the other."""

    def __init__(self, host: Host) -> None:
        self._host = host
        rig = host.rig().rig
        root = host.parameter("root", "", "folder for episodes; the rig file's when empty")
        latched = profile(topics.LATCHED_QOS)
        self._episodes = PolledSubscription(host.node, String, topics.EPISODE, latched)
        self._events = host.node.create_publisher(
            String, topics.EPISODE_EVENT, profile(topics.EVENT_QOS)
        )
        self._checked = ""
        self._ahead = LookAhead(host, Path(root or rig.recording.root).expanduser())

    def run(self) -> None:
        """Check until the stop."""
        while not self._host.stop.wait(POLL_S):
            for taken in self._episodes.drain():
                self._hear(state_of(taken.message.data))

    def _hear(self, state: dict[str, Any]) -> None:
        path, begun = finished_path(state), begun_episode(state)
        early = self._ahead.take()
        if path and path != self._checked:
            self._checked = path
            self._check(Path(path), early)
        if early is not None:
            early.close()
        if begun:
            self._ahead.begin(begun)

    def _check(self, folder: Path, early: EarlyLook | None) -> None:
        try:
            event = verdict_event(folder, early)
        except (TeleopCollectError, OSError) as error:
            # Also when it was undone meanwhile: then there is nothing to say.
            self._host.node.get_logger().warning(f"{folder.name} was not checked: {error}")
            return
        self._events.publish(String(data=json.dumps(event)))
        self._host.node.get_logger().info(
            f"{folder.name}: {event['verdict']}, {event['after_stop_s']:.2f} s after the stop"
        )

    def close(self) -> None:
        """Leave what is being recorded."""
        if (early := self._ahead.take()) is not None:
            early.close()


def state_of(text: str) -> dict[str, Any]:
    """The recorder's state; empty when somebody published something else."""
    try:
        state = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return state if isinstance(state, dict) else {}


def finished_path(state: dict[str, Any]) -> str:
    """The folder of the episode that has just been finished; empty for any other state."""
    if state.get("state") != "idle" or state.get("ended") == "undone":
        return ""
    return str(state.get("path") or "")


def begun_episode(state: dict[str, Any]) -> str:
    """The episode that is being recorded; empty for any other state."""
    return str(state.get("episode_id") or "") if state.get("state") == "recording" else ""


def verdict_event(folder: Path, early: EarlyLook | None) -> dict[str, Any]:
    """Check an episode; the event that tells what was found, and how long after the stop."""
    ended_ns = read_manifest(folder).ended_ns
    report = check_episode(folder, early=early)
    now_ns = time.time_ns()
    messages = [f.message for f in report.findings if f.severity != "info"]
    return {
        "kind": "verdict",
        "episode_id": report.episode_id,
        "at": iso_utc(now_ns),
        "at_ns": now_ns,
        "verdict": str(report.verdict),
        "findings": len(messages),
        "messages": messages[:MAX_MESSAGES],
        "after_stop_s": round((now_ns - ended_ns) / NS_PER_S, 3),
    }


def main() -> int:
    """Entry point."""
    os.setpriority(os.PRIO_PROCESS, 0, NICE)
    return run_node("episode_qa", EpisodeQaNode)


if __name__ == "__main__":
    raise SystemExit(main())
