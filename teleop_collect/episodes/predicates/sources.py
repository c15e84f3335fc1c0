"""Which topics a condition needs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from teleop_collect import topics
from teleop_collect.rig.config import ObjectInBox, Region, Rig
from teleop_collect.rig.predicates.syntax import (
    And,
    Call,
    Comparison,
    Condition,
    Or,
    Then,
    Truth,
)


class Sense(Enum):
    """What a topic tells."""

    POSE = "pose"
    JOINTS = "joints"
    ASKED = "asked"
    """Joint positions that were sent to the follower."""
    WRENCH = "wrench"


@dataclass(frozen=True)
class Source:
    """What is told of which object or arm."""

    sense: Sense
    name: str


def sources_of(
    conditions: Iterable[Condition], rig: Rig, boxes: Mapping[str, Region | ObjectInBox]
) -> dict[str, Source]:
    """Every relative topic that the conditions need, and what it tells.

    Args:
        conditions: resolved.
        rig: whose arms they name.
        boxes: regions by name.
    """
    calls = {call for condition in conditions for call in calls_of(condition)}
    found = {source for call in calls for source in _needed(call, boxes)}
    return {_topic(source, rig): source for source in found}


def calls_of(condition: Condition) -> Iterator[Call]:
    """All function calls of a condition."""
    match condition:
        case Truth():
            yield condition.call
        case Comparison():
            for side in (condition.left, condition.right):
                yield from (term for _, term in side.terms if isinstance(term, Call))
        case And() | Or():
            for part in condition.parts:
                yield from calls_of(part)
        case Then():
            yield from calls_of(condition.first)
            yield from calls_of(condition.second)
        case _:
            yield from calls_of(condition.part)


def _needed(call: Call, boxes: Mapping[str, Region | ObjectInBox]) -> Iterator[Source]:
    match call.function:
        case "time":
            return
        case "force" | "torque":
            yield Source(Sense.WRENCH, call.arguments[-1])
        case "joint" | "joint_change" | "joint_speed" | "gripper":
            yield Source(Sense.JOINTS, call.arguments[-1])
        case "grasping" | "gripper_gap":
            yield Source(Sense.JOINTS, call.arguments[-1])
            yield Source(Sense.ASKED, call.arguments[-1])
        case _:
            for name in call.arguments:
                region = boxes.get(name)
                tracked = name if region is None else region.relative_to
                if tracked is not None:
                    yield Source(Sense.POSE, tracked)


def _topic(source: Source, rig: Rig) -> str:
    if source.sense is Sense.POSE:
        return topics.object_topic(source.name)
    name = {
        Sense.JOINTS: topics.FOLLOWER_JOINT_STATES,
        Sense.ASKED: topics.ACTION_SENT,
        Sense.WRENCH: topics.FOLLOWER_WRENCH,
    }[source.sense]
    return topics.arm_topic(rig.arms[source.name].prefix, name)
