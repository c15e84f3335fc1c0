"""A shipped rig on emulated devices, run as `up --emulate` runs it, recorded and read back."""

import json
import time
from pathlib import Path

from report import Figure

from teleop_collect import topics
from teleop_collect.cli.session import RigSession, SessionOptions, connect_client
from teleop_collect.nodes.rig_client import RigClient
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.processes import processes_of
from teleop_collect.rig.rehearsal import emulated_rig

RECORDED_S = 10.0
READY_S = 120.0
ARM_STREAMS = ("leader/joint_states", "follower/joint_states", "teleop/action_sent")


def recorded_rates(folder: Path, rig: str) -> dict[str, Figure]:
    """Mean rates of the recorded streams of all arms and cameras, and what was lost.

    Args:
        folder: where episodes and logs go.
        rig: name of a shipped rig.
    """
    loaded = emulated_rig(load_rig(rig), folder)
    options = SessionOptions(root=folder / "episodes", own_domain=True)
    with (
        RigSession(loaded, options, processes_of(loaded)) as session,
        connect_client() as client,
    ):
        for service in (topics.START_EPISODE, topics.TELEOP_ENGAGE, topics.RIG_CHECK_RUN):
            session.wait_ready(client, service)
        episode = _record(client)
    streams = json.loads((episode / "manifest.json").read_text())["streams"]
    arms = [streams[f"/{arm}/{name}"] for arm in loaded.rig.arms for name in ARM_STREAMS]
    images = [streams[f"/{topics.color_topic(name)}"] for name in loaded.rig.cameras]
    return {
        "arms_min_hz": round(min(float(stream["mean_hz"]) for stream in arms), 1),
        "cameras_min_hz": round(min(float(stream["mean_hz"]) for stream in images), 1),
        "arms_gaps": sum(int(stream["gaps"]) for stream in arms),
        "lost_in_transport": sum(int(stream["lost_transport"]) for stream in arms + images),
        "dropped_in_queue": sum(int(stream["dropped_queue"]) for stream in arms + images),
    }


def _record(client: RigClient) -> Path:
    """Check, engage, and record for a while; the episode's folder."""
    client.wait_until(
        lambda: client.trigger(topics.RIG_CHECK_RUN, READY_S).success, READY_S, "the rig check"
    )
    client.wait_until(
        lambda: client.set_bool(topics.TELEOP_ENGAGE, True).success, READY_S, "engaging"
    )
    for service in (topics.START_EPISODE, topics.STOP_EPISODE):
        answer = client.trigger(service, READY_S)
        if not answer.success:
            raise SystemExit(f"{service}: {answer.message}")
        if service == topics.START_EPISODE:
            time.sleep(RECORDED_S)
    return Path(answer.message)
