"""How well a replayed episode keeps its time, and whether it is the same when recorded again.

    python bench/replay_timing.py [--seconds 10]

An episode of the whole simulated rig (two RGB-D cameras, joints, wrench) is recorded, published
again by the replay node in a process of its own, and recorded a second time by the recorder node.
The error of a message is the time at which the middleware says that it was sent, against the time
at which it was received when first recorded; what all messages have in common (the moment at which
replay began) is taken out by their median. The goal is about joints: leader, follower and both
actions. Every message of every stream must be the same in both recordings, byte for byte; the
recorder's own topics are left out, because there it speaks for itself.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from report import Report

from teleop_collect import topics
from teleop_collect.cli.session import RigSession, SessionOptions, connect_client, run_rig_check
from teleop_collect.episodes.reader import Episode, open_episode
from teleop_collect.errors import CheckFailed
from teleop_collect.nodes.rig_client import RigClient
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.processes import processes_of

GOAL_MS = 2.0
JOINTS = (
    topics.LEADER_JOINT_STATES,
    topics.FOLLOWER_JOINT_STATES,
    topics.ACTION_REQUESTED,
    topics.ACTION_SENT,
)
OTHERS = (topics.FOLLOWER_WRENCH, topics.object_topic("cube"), topics.color_topic("scene"))
RECORDERS_OWN = {f"/{name.strip('/')}" for name in (topics.EPISODE, topics.TASK)} | {
    f"/{topics.EPISODE_EVENT}",
    topics.DIAGNOSTICS,
}
TIMEOUT_S = 60.0
REPLAY = [sys.executable, "-m", "teleop_collect.cli.main", "replay"]


def record_rig(root: Path, seconds: float) -> Path:
    """An episode of the simulated rig with the scripted operator at work."""
    rig = load_rig("sim_tabletop")
    options = SessionOptions(root=root, own_domain=True)
    with RigSession(rig, options) as session, connect_client() as client:
        for service in (topics.START_EPISODE, topics.TELEOP_ENGAGE, topics.RIG_CHECK_RUN):
            session.wait_ready(client, service)
        try:
            run_rig_check(client, attempts=3)
            client.set_bool(topics.TELEOP_ENGAGE, True)
        except CheckFailed as error:
            print(f"recorded without teleoperation, on a machine too busy for it: {error}")
            client.set_parameters("recorder", {"check_override": "bench: a busy machine"})
        return record(client, lambda: time.sleep(seconds))


def record_again(root: Path, episode: Path) -> Path:
    """The same episode, replayed and recorded by a recorder alone."""
    rig = load_rig("sim_tabletop")
    recorder = [p for p in processes_of(rig) if p.name == "recorder"]
    options = SessionOptions(root=root, own_domain=True)
    with RigSession(rig, options, recorder) as session, connect_client() as client:
        session.wait_ready(client, topics.START_EPISODE)
        client.set_parameters("recorder", {"check_override": "bench: no rig is attached"})
        return record(client, lambda: replay(episode))


def record(client: RigClient, meanwhile: Callable[[], None]) -> Path:
    """The folder of an episode that lasts as long as `meanwhile()`."""
    started = client.trigger(topics.START_EPISODE, TIMEOUT_S)
    if not started.success:
        raise SystemExit(f"could not start: {started.message}")
    meanwhile()
    return Path(client.trigger(topics.STOP_EPISODE, TIMEOUT_S).message)


def replay(episode: Path) -> None:
    """Publish it again, to its end."""
    done = subprocess.run([*REPLAY, str(episode)], capture_output=True, text=True, timeout=170)
    if done.returncode:
        raise SystemExit(f"replay failed: {done.stderr}")
    print(done.stderr.strip().rpartition("]: ")[2])


def errors_ms(first: Episode, second: Episode, names: tuple[str, ...]) -> np.ndarray:
    """How far each message was sent from where it belongs, ms; infinite when counts differ."""
    apart = []
    for name in names:
        if not first.streams[f"/{name}"].count:
            continue
        due_ns = first.times(f"/{name}").log_ns
        sent_ns = second.times(f"/{name}").publish_ns
        if len(due_ns) != len(sent_ns):
            # No message can be told its partner, and leaving the stream out would hide it.
            print(f"/{name}: {len(due_ns)} messages first, {len(sent_ns)} again: no timing")
            return np.array([np.inf])
        apart.append(sent_ns - due_ns)
    offsets = np.concatenate(apart)
    return np.abs(offsets - np.median(offsets)) / 1e6


def compare(first: Episode, second: Episode) -> tuple[int, int, int]:
    """Streams, messages, and messages that differ or are missing."""
    chosen = [t for t, i in first.streams.items() if i.count and t not in RECORDERS_OWN]
    messages = different = 0
    for topic in chosen:
        told = [bytes(m.data) for m in first.read_messages(topic)]
        again = [bytes(m.data) for m in second.read_messages(topic)]
        wrong = abs(len(told) - len(again))
        wrong += sum(a != b for a, b in zip(told, again, strict=False))
        if wrong:
            print(f"{topic}: {len(told)} messages first, {len(again)} again")
        messages, different = messages + len(told), different + wrong
    return len(chosen), messages, different


def main() -> int:
    """Entry point."""
    form = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the episode")
    options = parser.parse_args()
    report = Report("replay_timing")
    with tempfile.TemporaryDirectory(prefix="replay-") as folder:
        episode = record_rig(Path(folder) / "first", options.seconds)
        again = record_again(Path(folder) / "second", episode)
        with open_episode(episode) as first, open_episode(again) as second:
            streams, messages, different = compare(first, second)
            joints_ms = errors_ms(first, second, JOINTS)
            for what, ms in (("joints", joints_ms), ("others", errors_ms(first, second, OTHERS))):
                report.row(
                    f"timing of {what}",
                    messages=len(ms),
                    error_p50_ms=float(np.percentile(ms, 50)),
                    error_p99_ms=float(np.percentile(ms, 99)),
                    error_max_ms=float(ms.max()),
                )
    report.row("recorded again", streams=streams, messages=messages, different=different)
    report.missing_peer("ros2 bag play", "rosbag2 is not among the wheels this bench runs on")
    report.at_most("joints_error_p99_ms", float(np.percentile(joints_ms, 99)), GOAL_MS)
    report.at_most("different_messages", different, 0)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
