"""The recorder's process alone on a domain, and publishers of this process beside it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rclpy
from rclpy.node import Node
from support.graph import RunningRig, running_rig, wait_for

from teleop_collect import topics
from teleop_collect.rig.load import load_rig

OVERRIDE = {"check_override": "test: no rig is attached"}


@contextmanager
def lone_recorder(root: Path, **changes: str) -> Iterator[RunningRig]:
    """A recorder that writes uncompressed; `changes` replace texts of the shipped rig file.

    Args:
        root: where episodes go.
        changes: lines put below `recording:`.
    """
    rig = root / "rig.yaml"
    lines = "".join(f"\n  {key}: {value}" for key, value in changes.items())
    text = load_rig("sim_tabletop").text.replace("compression: zstd", f"compression: none{lines}")
    rig.write_text(text)
    with running_rig(root, str(rig), only=["recorder"]) as running:
        running.client.set_parameters("recorder", OVERRIDE)
        yield running


@contextmanager
def publishing_node() -> Iterator[Node]:
    """A node on the recorder's domain."""
    context = rclpy.Context()
    rclpy.init(args=[], context=context)
    node = rclpy.create_node("publisher_under_test", context=context)
    try:
        yield node
    finally:
        node.destroy_node()
        rclpy.shutdown(context=context)


def matched(publisher: Any) -> None:
    wait_for(lambda: publisher.get_subscription_count() > 0, 20, "the recorder's subscription")


def start(running: RunningRig) -> str:
    answer = running.client.trigger(topics.START_EPISODE)
    assert answer.success, answer.message
    return answer.message


def stop(running: RunningRig) -> Path:
    answer = running.client.trigger(topics.STOP_EPISODE)
    assert answer.success, answer.message
    return Path(answer.message)


def ledger(folder: Path, topic: str) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return manifest["streams"][topic]


def wait_for_events(running: RunningRig, topic: str, kinds: list[str]) -> None:
    """Wait until exactly these events of a topic were published, in this order, and no others."""
    found: list[str] = []

    def complete() -> bool:
        found.extend(e["kind"] for e in running.client.events() if e.get("topic") == topic)
        return found == kinds

    wait_for(complete, 20, f"events {kinds} of {topic}")
