"""Checks of a typed rig file against itself and its robot descriptions."""

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from teleop_collect.errors import ConfigError
from teleop_collect.rig.arm_validation import arm_problems
from teleop_collect.rig.config import (
    DynamixelFollower,
    DynamixelLeader,
    RealSenseCamera,
    Rig,
    SpaceMouseLeader,
)
from teleop_collect.rig.data_rate import PRE_ROLL_SHARE, pre_roll_bytes
from teleop_collect.rig.description import RobotDescription, resolve_urdf
from teleop_collect.rig.problem import Key, Problem, unknown_name
from teleop_collect.rig.sim_validation import simulation_problems
from teleop_collect.rig.streams import streams_of
from teleop_collect.rig.task_validation import task_problems

_TOPIC = re.compile(r"/?[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*")
_TOPIC_RULE = "must be a topic name: words of letters, digits and '_', joined by '/'"

MAX_CHUNK_AGE_S = 0.25
MAX_FSYNC_S = 1.0
"""Together they bound what a power cut can cost an episode."""


def problems_of(rig: Rig, rig_path: Path) -> Iterator[Problem]:
    """Everything that is wrong with a typed rig, the causes before their effects.

    Args:
        rig: the rig.
        rig_path: its file; robot descriptions are found from there.
    """
    descriptions: dict[str, RobotDescription] = {}
    yield from _presence_problems(rig)
    for name, arm in rig.arms.items():
        key: Key = ("arms", name)
        try:
            descriptions[name] = RobotDescription.from_urdf(resolve_urdf(arm.urdf, rig_path))
        except ConfigError as error:
            yield Problem((*key, "urdf"), str(error))
            continue
        yield from arm_problems(arm, descriptions[name], key)
    yield from _between_arms(rig)
    yield from _port_problems(rig)
    yield from _mouse_problems(rig)
    yield from _serial_problems(rig)
    yield from _mount_problems(rig, descriptions)
    yield from _topic_problems(rig)
    yield from task_problems(rig, descriptions)
    yield from simulation_problems(rig)
    yield from _teleop_problems(rig)
    yield from _recording_problems(rig)


def _presence_problems(rig: Rig) -> Iterator[Problem]:
    for section in ("arms", "tasks"):
        if not getattr(rig, section):
            yield Problem((section,), "needs at least one entry")


def _between_arms(rig: Rig) -> Iterator[Problem]:
    prefixes: dict[str, str] = {}
    for name, arm in rig.arms.items():
        if not arm.prefix and len(rig.arms) > 1:
            text = f"a rig with {len(rig.arms)} arms needs a prefix for each, such as '{name}'"
            yield Problem(("arms", name, "prefix"), text)
        elif (other := prefixes.setdefault(arm.prefix, name)) != name:
            yield Problem(("arms", name, "prefix"), f"arm '{other}' has the same prefix")


def _port_problems(rig: Rig) -> Iterator[Problem]:
    """Two drivers on one port would steal each other's answers."""
    owners: dict[str, tuple[str, str]] = {}
    for name, arm in rig.arms.items():
        for side, device in (("leader", arm.leader), ("follower", arm.follower)):
            if not isinstance(device, DynamixelLeader | DynamixelFollower):
                continue
            other, its_side = owners.setdefault(device.port, (name, side))
            if (other, its_side) != (name, side):
                taken = f"the {its_side} of arm '{other}' has the same port"
                text = f"{taken}; give each {side} its own"
                yield Problem(("arms", name, side, "port"), text)


def _mouse_problems(rig: Rig) -> Iterator[Problem]:
    """Two drivers of one SpaceMouse would each get a part of its reports."""
    mice = {n: a.leader for n, a in rig.arms.items() if isinstance(a.leader, SpaceMouseLeader)}
    owners: dict[tuple[str, str, str], str] = {}
    for name, mouse in mice.items():
        named = (mouse.path, mouse.serial, mouse.model)
        if (other := owners.setdefault(named, name)) != name:
            text = f"the leader of arm '{other}' names the same SpaceMouse; give each its serial"
            yield Problem(("arms", name, "leader", "serial"), text)
        elif not any(named) and len(mice) > 1:
            text = f"this rig has {len(mice)} SpaceMice; give each its serial"
            yield Problem(("arms", name, "leader", "serial"), text)


def _serial_problems(rig: Rig) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for name, camera in rig.cameras.items():
        if isinstance(camera, RealSenseCamera):
            other = owners.setdefault(camera.serial, name)
            if other != name:
                text = f"camera '{other}' has the same serial number"
                yield Problem(("cameras", name, "serial"), text)


def _mount_problems(rig: Rig, descriptions: Mapping[str, RobotDescription]) -> Iterator[Problem]:
    for name, arm in rig.arms.items():
        others = {arm: d for arm, d in descriptions.items() if arm != name}
        key: Key = ("arms", name, "base", "parent")
        yield from _parent_problems(arm.base.parent, others, key)
    for name, camera in rig.cameras.items():
        key = ("cameras", name, "mount", "parent")
        yield from _parent_problems(camera.mount.parent, descriptions, key)


def _parent_problems(
    parent: str, descriptions: Mapping[str, RobotDescription], key: Key
) -> Iterator[Problem]:
    if parent == "world":
        return
    arm, slash, link = parent.partition("/")
    if not slash or arm not in descriptions:
        parents = ["world", *(f"{known}/LINK" for known in descriptions)]
        yield Problem(key, f"must be {' or '.join(parents)}")
    elif link not in descriptions[arm].links:
        links = descriptions[arm].links
        yield Problem(key, f"arm '{arm}': {unknown_name('link', links, link)}")


def _topic_problems(rig: Rig) -> Iterator[Problem]:
    keys: list[tuple[Key, str]] = [
        (("arms", name, "follower", "command_topic"), arm.follower.command_topic)
        for name, arm in rig.arms.items()
    ]
    keys += [(("streams", topic), topic) for topic in rig.streams]
    names = [stream.topic.lstrip("/") for stream in streams_of(rig)]
    for key, topic in keys:
        if not _TOPIC.fullmatch(topic):
            yield Problem(key, _TOPIC_RULE, with_value=key[0] == "arms")
        elif names.count(topic.lstrip("/")) > 1:
            text = f"the topic '{topic}' is used twice in this rig; each stream needs its own"
            yield Problem(key, text, with_value=key[0] == "arms")


def _teleop_problems(rig: Rig) -> Iterator[Problem]:
    watchdog = rig.teleop.watchdog
    key: Key = ("teleop", "watchdog")
    if watchdog.fault_after_s <= watchdog.hold_after_s:
        text = f"must be greater than hold_after_s ({watchdog.hold_after_s:g})"
        yield Problem((*key, "fault_after_s"), text)
    for name, arm in rig.arms.items():
        shortest_s = 2 / min(arm.leader.rate_hz, arm.follower.rate_hz)
        if watchdog.hold_after_s < shortest_s:
            text = f"must be at least two periods of arm '{name}' ({shortest_s:g} s)"
            yield Problem((*key, "hold_after_s"), text)


def _recording_problems(rig: Rig) -> Iterator[Problem]:
    recording = rig.recording
    if not recording.root.strip():
        yield Problem(("recording", "root"), "must be a folder")
    if recording.chunk_age_s > MAX_CHUNK_AGE_S:
        yield Problem(("recording", "chunk_age_s"), f"must be at most {MAX_CHUNK_AGE_S:g}")
    if recording.fsync_s > MAX_FSYNC_S:
        yield Problem(("recording", "fsync_s"), f"must be at most {MAX_FSYNC_S:g}")
    images = [4 * c.width * c.height for c in rig.cameras.values()]
    if images and recording.queue_bytes < 4 * sum(images):
        text = f"must hold four images of every camera: at least {4 * sum(images)}"
        yield Problem(("recording", "queue_bytes"), text)
    needed = pre_roll_bytes(rig)
    if needed > PRE_ROLL_SHARE * recording.queue_bytes:
        longest_s = PRE_ROLL_SHARE * recording.queue_bytes * recording.pre_roll_s / needed
        text = (
            f"images of so long take {needed} bytes, and a pre-roll may take"
            f" {PRE_ROLL_SHARE:.0%} of recording.queue_bytes: at most {longest_s:.2g} s, or"
            f" a queue of at least {math.ceil(needed / PRE_ROLL_SHARE)}"
        )
        yield Problem(("recording", "pre_roll_s"), text)
