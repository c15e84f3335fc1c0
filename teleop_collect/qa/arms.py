"""Which streams belong to which arm, and what the recording's own documents say of its joints."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from teleop_collect import topics
from teleop_collect.episodes.mapping import ArmTopics, LoadedMapping, guessed_arm
from teleop_collect.episodes.reader import Episode
from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Arm, Rig
from teleop_collect.rig.description import JointBounds, RobotDescription, effective_limits
from teleop_collect.rig.yaml_document import parse_yaml

RIG_ATTACHMENT, URDF_SUFFIX = "rig.yaml", ".urdf"
REVOLUTE = ("revolute", "continuous")
TOOL_POSE = "follower/tool_pose"
ENDINGS = {
    "follower": topics.FOLLOWER_JOINT_STATES,
    "leader": topics.LEADER_JOINT_STATES,
    "requested": topics.ACTION_REQUESTED,
    "sent": topics.ACTION_SENT,
    "wrench": topics.FOLLOWER_WRENCH,
    "tool_pose": TOOL_POSE,
}


@dataclass(frozen=True)
class ArmStreams:
    """Topics of one arm, None where nothing was recorded, and what is known of its joints.

    Attributes:
        prefix: what stands before the arm's topics, for example "/" or "/left/".
        follower: JointState of the robot.
        requested: what the operator asked for.
        sent: what was sent to the robot.
        wrench: force-torque sensor.
        leader: JointState of the operator's device.
        tool_pose: pose of the tool that the robot reports.
        bounds: by joint.
        efforts: highest torque (Nm) or force (N) by joint, for joints that have one.
        revolute: names of revolute joints.
        description: the robot; None without one.
        tool_frame: link that `tool_pose` speaks of.
        device: kind of the operator's device.
    """

    prefix: str
    follower: str | None
    requested: str | None
    sent: str | None
    wrench: str | None
    leader: str | None = None
    tool_pose: str | None = None
    bounds: Mapping[str, JointBounds] = field(default_factory=dict)
    efforts: Mapping[str, float] = field(default_factory=dict)
    revolute: frozenset[str] = frozenset()
    description: RobotDescription | None = None
    tool_frame: str = "tool0"
    device: str = "unknown"

    def unit(self, joint: str) -> str:
        """Unit of a joint's position; rad where no description says otherwise."""
        return "rad" if joint in self.revolute or joint not in self.bounds else "m"

    @property
    def grippers(self) -> tuple[str, ...]:
        """Joints that close on objects: prismatic ones, and those whose name says so."""
        named = [n for n in self.bounds if "gripper" in n or "finger" in n]
        return tuple(dict.fromkeys([*named, *(n for n in self.bounds if self.unit(n) == "m")]))


def recorded_rig(episode: Episode) -> Rig | None:
    """The rig file inside a recording; None when there is none of this version."""
    data = episode.attachments.get(RIG_ATTACHMENT)
    if data is None:
        return None
    try:
        return Rig.model_validate_json(json.dumps(parse_yaml(data).data), strict=True)
    except (ConfigError, ValidationError):
        return None


def arms_of(
    episode: Episode, rig: Rig | None, mapping: LoadedMapping | None
) -> tuple[ArmStreams, ...]:
    """The arms whose follower or actions were recorded.

    By the mapping where one is given, else by this package's topic names, else by message types.
    """
    if mapping is not None:
        arms = mapping.mapping.arms.items()
        return tuple(_mapped(episode, n, t, mapping.descriptions.get(n)) for n, t in arms)
    endings = (topics.FOLLOWER_JOINT_STATES, topics.ACTION_SENT)
    prefixes = {
        topic.removesuffix(ending)
        for topic in episode.streams
        for ending in endings
        if topic.endswith(f"/{ending}")
    }
    if prefixes:
        return tuple(_named(episode, rig, prefix) for prefix in sorted(prefixes))
    guess = guessed_arm({t: info.type for t, info in episode.streams.items()})
    if guess.follower is None and guess.sent is None:
        return ()
    return (_mapped(episode, "", guess, _only_description(episode)),)


def _mapped(
    episode: Episode, name: str, its: ArmTopics, description: RobotDescription | None
) -> ArmStreams:
    present = {role: getattr(its, role) for role in ENDINGS}
    streams: dict[str, Any] = {r: t if t in episode.streams else None for r, t in present.items()}
    return ArmStreams(
        prefix=f"/{name}/" if name else "/",
        **streams,
        **_joints(None, description),
        tool_frame=its.tool_frame,
        device=its.leader_device,
    )


def _named(episode: Episode, rig: Rig | None, prefix: str) -> ArmStreams:
    streams: dict[str, Any] = {
        role: prefix + ending if prefix + ending in episode.streams else None
        for role, ending in ENDINGS.items()
    }
    arms = rig.arms if rig else {}
    bare = prefix.strip("/")
    fitting = [n for n, a in arms.items() if f"/{bare}".endswith(f"/{a.prefix}".rstrip("/"))]
    name = max(fitting, key=lambda n: len(arms[n].prefix), default=None)
    arm = arms[name] if name is not None else None
    description = _description(episode, f"{name}{URDF_SUFFIX}") or _only_description(episode)
    return ArmStreams(
        prefix=prefix,
        **streams,
        **_joints(arm, description),
        tool_frame=arm.tool_frame if arm else "tool0",
        device=arm.leader.driver if arm else "unknown",
    )


def _joints(arm: Arm | None, description: RobotDescription | None) -> dict[str, Any]:
    """Bounds, efforts, revolute joints and the description, as far as they are known."""
    if description is None:
        return {}
    joints = description.joints.values()
    bounds: Mapping[str, JointBounds] = {
        j.name: JointBounds(j.lower, j.upper, j.velocity) for j in joints if j.type != "fixed"
    }
    if arm is not None:
        try:
            bounds = effective_limits(arm, description)
        except ConfigError:
            return {}
    return {
        "bounds": bounds,
        "efforts": {j.name: j.effort for j in joints if j.name in bounds and 0 < j.effort < 1e9},
        "revolute": frozenset(j.name for j in joints if j.type in REVOLUTE),
        "description": description,
    }


def _only_description(episode: Episode) -> RobotDescription | None:
    names = [name for name in episode.attachments if name.endswith(URDF_SUFFIX)]
    return _description(episode, names[0]) if len(names) == 1 else None


def _description(episode: Episode, name: str) -> RobotDescription | None:
    data = episode.attachments.get(name)
    if data is None:
        return None
    try:
        return RobotDescription.from_bytes(data, Path("robot.urdf"))
    except ConfigError:
        return None
