"""Numbers and words: joints requested, sent and measured, wrench, objects, events."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from teleop_collect import topics
from teleop_collect.episodes.labels import Label
from teleop_collect.episodes.reader import Episode
from teleop_collect.episodes.streams import StreamData
from teleop_collect.view.canvas import Canvas

ROLES = {
    topics.ACTION_REQUESTED: "requested",
    topics.ACTION_SENT: "sent",
    topics.FOLLOWER_JOINT_STATES: "measured",
    topics.LEADER_JOINT_STATES: "leader",
}
MAIN = "main"
WORLD = "world"
AXES = ("x", "y", "z")
POINT_M = 0.015


@dataclass(frozen=True)
class JointStream:
    """A stream of joints: of which arm, and in which role."""

    topic: str
    arm: str
    role: str


def joint_streams(episode: Episode) -> Iterator[JointStream]:
    """All streams of joints; one that has no role is its own arm, measured."""
    for topic, info in sorted(episode.streams.items()):
        if info.type != topics.JOINT_STATE or not info.count:
            continue
        ending = next((name for name in ROLES if topic.endswith(f"/{name}")), None)
        if ending is None:
            yield JointStream(topic, topic.strip("/").replace("/", "_"), "measured")
        else:
            arm = topic.removesuffix(ending).strip("/").replace("/", "_") or MAIN
            yield JointStream(topic, arm, ROLES[ending])


def draw_joints(episode: Episode, canvas: Canvas) -> None:
    """Curves `arms/ARM/joints/JOINT/ROLE`, rad or m."""
    for stream in joint_streams(episode):
        data = episode.read(stream.topic)
        for column, joint in enumerate(data.names):
            path = f"arms/{stream.arm}/joints/{joint}/{stream.role}"
            name = f"{joint} {stream.role}"
            canvas.curve(path, data.log_ns, data.values["position"][:, column], name)


def draw_wrenches(episode: Episode, canvas: Canvas) -> None:
    """Curves `arms/ARM/force_n/AXIS` and `torque_nm/AXIS`."""
    for data, name in _of_type(episode, topics.WRENCH_STAMPED):
        arm = name.removesuffix(topics.FOLLOWER_WRENCH).strip("/").replace("/", "_") or MAIN
        for key in ("force_n", "torque_nm"):
            for column, axis in enumerate(AXES):
                values = data.values[key][:, column]
                canvas.curve(f"arms/{arm}/{key}/{axis}", data.log_ns, values, f"{key} {axis}")


def draw_objects(episode: Episode, canvas: Canvas) -> None:
    """Points `objects/NAME` at the tracked poses."""
    rr = canvas.rr
    for data, topic in _of_type(episode, topics.POSE_STAMPED):
        name = topic.strip("/").removesuffix("/pose")
        canvas.always(name, rr.CoordinateFrame(WORLD))
        canvas.always(name, rr.Points3D.from_fields(radii=POINT_M, labels=name.split("/")[-1]))
        points = rr.Points3D.columns(positions=data.values["position_m"])
        canvas.series(name, data.log_ns, points)


def draw_events(episode: Episode, canvas: Canvas) -> None:
    """Text `events`: what was said on `episode/event`, and labels given later."""
    rr = canvas.rr
    for data, topic in _of_type(episode, topics.STRING):
        if topic.endswith(f"/{topics.EPISODE_EVENT}"):
            texts = [_event_text(text) for text in data.values["data"]]
            canvas.series("events", data.log_ns, rr.TextLog.columns(text=texts))
    for label in episode.labels:
        canvas.at(label.at_ns, "labels", rr.TextLog(_label_text(label)))


def _of_type(episode: Episode, message_type: str) -> Iterator[tuple[StreamData, str]]:
    for topic, info in sorted(episode.streams.items()):
        if info.type == message_type and info.count:
            yield episode.read(topic), topic


def _event_text(text: str) -> str:
    try:
        event = json.loads(text)
    except ValueError:
        return text
    if not isinstance(event, dict):
        return text
    hidden = ("kind", "episode_id", "at", "at_ns")
    details = ", ".join(f"{k} {v}" for k, v in event.items() if k not in hidden)
    return f"{event.get('kind', 'event')}: {details}"


def _label_text(label: Label) -> str:
    said = {True: "success", False: "failure", None: "unknown"}[label.success]
    return f"{label.by} {label.operator or ''}: {said} {label.reason or label.notes}".strip()
