"""Which topic of somebody else's recording is which stream: a small file, or a guess by type.

    schema: teleop_collect.mapping/1
    arms:
      main: {follower: /joint_states, leader: /gello/joint_states, urdf: ur5e.urdf}
    rates_hz: {/joint_states: 125, /camera/color/image_raw: 30}

Topics that a file leaves out keep their messages and times; no check takes them for an arm's.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from teleop_collect import topics
from teleop_collect.errors import ConfigError
from teleop_collect.rig.description import RobotDescription
from teleop_collect.rig.explain import explain
from teleop_collect.rig.problem import dotted, suggestion
from teleop_collect.rig.section import Name, Positive, Section
from teleop_collect.rig.yaml_document import MAX_BYTES, parse_yaml

Topic = Annotated[str, Field(pattern=r"^/[A-Za-z0-9_/]{1,255}$")]

LEADER_WORDS = re.compile(r"leader|master|gello|teleop_arm|operator", re.IGNORECASE)
SENT_WORDS = re.compile(r"action|command|cmd|desired|target|reference", re.IGNORECASE)
JOINT_TYPES = (topics.JOINT_STATE,)
COMMAND_TYPES = (topics.JOINT_STATE, topics.JOINT_TRAJECTORY)
ROLE_TYPES = {
    "follower": JOINT_TYPES,
    "leader": JOINT_TYPES,
    "requested": COMMAND_TYPES,
    "sent": COMMAND_TYPES,
    "wrench": (topics.WRENCH_STAMPED,),
    "tool_pose": (topics.POSE_STAMPED,),
}
"""Message types that hold what a stream of an arm needs: values, and names of joints."""
TOOL_WORDS = re.compile(r"tcp|tool|ee_pose|eef|end_effector", re.IGNORECASE)


class ArmTopics(Section):
    """The streams of one arm, each None where the recording has none."""

    follower: Topic | None = None
    """JointState measured by the robot."""
    leader: Topic | None = None
    """JointState measured by the operator's device."""
    requested: Topic | None = None
    """JointState or JointTrajectory that the operator asked for, before limits."""
    sent: Topic | None = None
    """JointState or JointTrajectory that was sent to the robot."""
    wrench: Topic | None = None
    """WrenchStamped."""
    tool_pose: Topic | None = None
    """PoseStamped of the tool in the base, as the robot reports it."""
    urdf: str | None = None
    """Robot description: a path, relative to the mapping file. Limits and kinematics need it."""
    tool_frame: str = "tool0"
    """Link of the description that `tool_pose` speaks of."""
    leader_device: str = "unknown"
    """What the operator held; movements are compared within one kind of device."""


class StreamMapping(Section):
    """A mapping file."""

    schema_version: Annotated[Literal["teleop_collect.mapping/1"], Field(alias="schema")]
    arms: dict[Name, ArmTopics] = Field(default_factory=dict)
    rates_hz: dict[Topic, Positive] = Field(default_factory=dict)
    """Nominal rates, Hz; a stream that is left out is judged by its own median interval."""
    required: tuple[Topic, ...] = ()
    """Streams without which an episode is bad."""
    task_id: str = "unknown"
    """Episodes of one task are compared with each other."""


@dataclass(frozen=True)
class LoadedMapping:
    """A mapping and what it refers to.

    Attributes:
        mapping: the typed file.
        descriptions: robot description by arm, for arms with a `urdf`.
    """

    mapping: StreamMapping
    descriptions: Mapping[str, RobotDescription]


def load_mapping(path: Path) -> LoadedMapping:
    """Read a mapping file and the robot descriptions that it names.

    Raises:
        ConfigError: it or a description is missing or wrong; the message names line and key.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        document = parse_yaml(raw)
    except ConfigError as error:
        raise ConfigError(f"{path}:{error}") from None
    if not isinstance(document.data, dict):
        raise ConfigError(f"{path}:1: a mapping file is a mapping of keys to values")
    try:
        mapping = StreamMapping.model_validate_json(json.dumps(document.data), strict=True)
    except ValidationError as error:
        problem = explain(error, StreamMapping)
        where = f"{path}:{document.line(problem.key)}: {dotted(problem.key)}"
        raise ConfigError(f"{where}: {problem.text}") from None
    descriptions = {
        name: RobotDescription.from_urdf(path.parent / Path(arm.urdf).expanduser())
        for name, arm in mapping.arms.items()
        if arm.urdf is not None
    }
    return LoadedMapping(mapping, descriptions)


def check_topics(mapping: StreamMapping, types: Mapping[str, str]) -> None:
    """Refuse a mapping that speaks of a topic which a recording does not have, or of a wrong type.

    A required topic may be missing: that is a finding.

    Args:
        mapping: a mapping file.
        types: message type by topic of the recording.

    Raises:
        ConfigError: names the topic and the nearest one that there is, or the types that fit.
    """
    for arm, its in mapping.arms.items():
        for role, fitting in ROLE_TYPES.items():
            topic = getattr(its, role)
            if topic is None:
                continue
            if topic in types:
                _check_type(f"arms.{arm}.{role}", topic, fitting, types)
            elif topic not in mapping.required:
                raise ConfigError(
                    f"arms.{arm}.{role}: the recording has no topic {topic}"
                    f"{suggestion(topic, types)}"
                )


def _check_type(where: str, topic: str, fitting: tuple[str, ...], types: Mapping[str, str]) -> None:
    if types[topic] in fitting:
        return
    others = ", ".join(sorted(t for t, kind in types.items() if kind in fitting)) or "none"
    raise ConfigError(
        f"{where}: {topic} is a stream of {types[topic]}, not of {' or '.join(fitting)} "
        f"(the recording's topics that are: {others})"
    )


def guessed_arm(types: Mapping[str, str]) -> ArmTopics:
    """One arm from the types and names of a recording's topics; only what is unambiguous.

    A JointState is the leader's or a command when its name says so, else the robot's own.

    Args:
        types: message type by topic.
    """
    joints = [t for t, kind in types.items() if kind == topics.JOINT_STATE]
    commands = [t for t, kind in types.items() if kind == topics.JOINT_TRAJECTORY]
    leaders = [t for t in joints if LEADER_WORDS.search(t)]
    sent = [t for t in joints if t not in leaders and SENT_WORDS.search(t)] or commands
    measured = [t for t in joints if t not in leaders and t not in sent]
    wrenches = [t for t, kind in types.items() if kind == topics.WRENCH_STAMPED]
    poses = [t for t, k in types.items() if k == topics.POSE_STAMPED and TOOL_WORDS.search(t)]
    found = {
        "follower": measured,
        "leader": leaders,
        "sent": sent,
        "wrench": wrenches,
        "tool_pose": poses,
    }
    single = {role: named[0] for role, named in found.items() if len(named) == 1}
    return ArmTopics().model_copy(update=single)
