"""Joints between their limits, the test motion, and leader against follower."""

from collections.abc import Iterator

import numpy as np

from teleop_collect import topics
from teleop_collect.pages.bars import Mark, limit_bar
from teleop_collect.pages.html import Html, number, table, text
from teleop_collect.pages.svg import Line, plot
from teleop_collect.rig.checks.arm_joints import is_linear, mapped
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.motion import MotionRecord, responses
from teleop_collect.rig.description import effective_limits

FOLLOWER, LEADER, SENT = "#2a7d3f", "#b37400", "#4a7fa5"


def arms_section(context: CheckContext) -> Html:
    """All arms."""
    return Html("".join(_arm(context, name) for name in context.rig.arms))


def _arm(context: CheckContext, name: str) -> str:
    parts = [
        f"<h2>Arm {text(name)}</h2><h3>Joints between their limits "
        f'(<span style="color:{FOLLOWER}">follower</span>, '
        f'<span style="color:{LEADER}">leader</span>)</h3>',
        *_bars(context, name),
    ]
    if (record := context.motions.get(name)) is not None and len(record.sent):
        parts.append(_motion(context, name, record))
    if poses := context.poses.get(name, ()):
        rows = [
            (joint, *(number(pose.leader[joint] - pose.follower[joint], 4) for pose in poses))
            for joint in poses[0].leader
        ]
        columns = ("leader minus follower", *(f"posture {i + 1}" for i in range(len(poses))))
        parts.append(f"<h3>Leader against follower</h3>{table(columns, rows)}")
    return "".join(parts)


def _bars(context: CheckContext, name: str) -> Iterator[Html]:
    arm = context.rig.arms[name]
    follower = context.joints(arm, topics.FOLLOWER_JOINT_STATES)
    leader = context.joints(arm, topics.LEADER_JOINT_STATES)
    at = {} if follower is None else follower.by_name()
    asked = {} if leader is None else mapped(arm, leader.by_name())
    for joint, bounds in effective_limits(arm, context.descriptions[name]).items():
        if not np.isfinite([bounds.lower, bounds.upper]).all():
            continue
        unit = "m" if is_linear(context, name, joint) else "rad"
        sides = (("leader", LEADER, asked), ("follower", FOLLOWER, at))
        marks = [
            Mark(side[joint], color, f"{who}: {side[joint]:.4f} {unit}")
            for who, color, side in sides
            if joint in side and np.isfinite(side[joint])
        ]
        label = f"{joint} ({bounds.lower:g} to {bounds.upper:g} {unit})"
        yield limit_bar(label, bounds.lower, bounds.upper, marks)


def _motion(context: CheckContext, name: str, record: MotionRecord) -> str:
    begin_ns = int(record.sent_ns[0])
    plots = []
    for index, joint in enumerate(record.joints):
        unit = "m" if is_linear(context, name, joint) else "rad"
        sent_s, seen_s = (record.sent_ns - begin_ns) / 1e9, (record.measured_ns - begin_ns) / 1e9
        lines = (
            Line("sent", SENT, sent_s, record.sent[:, index]),
            Line("measured", FOLLOWER, seen_s, record.measured[:, index]),
        )
        plots.append(plot(joint, unit, lines))
    rows = [
        (
            r.joint,
            number(r.commanded, 4),
            number(r.moved, 4),
            number(r.error, 4),
            number(r.lag_s, 3),
        )
        for r in responses(record)
    ]
    columns = ("step of", "commanded", "moved", "error at rest", "lag, s")
    figures = "".join(plots)
    return f'<h3>Test motion</h3>{table(columns, rows)}<div class="plots">{figures}</div>'
