"""Episodes beside each other: where one lies among its task's others, and what they cover."""

from collections.abc import Callable, Sequence
from html import escape

from teleop_collect.pages.html import Html, badge, drawing, number, table, text
from teleop_collect.qa.dataset.checks import GroupReport
from teleop_collect.qa.dataset.digest import Digest

FIELDS = (
    ("duration_s", "duration", "s"),
    ("path_rad", "way of the joints", "rad"),
    ("tool_m", "way of the tool", "m"),
    ("sparc", "SPARC (higher is smoother)", "1"),
    ("ldlj", "LDLJ (higher is smoother)", "1"),
    ("lag_ms", "action-to-state lag", "ms"),
    ("idle_share", "idle share of the time", "1"),
    ("spikes", "jumps of the action", "1"),
    ("gripper_changes", "changes of the gripper", "1"),
)
ROW_WIDTH, ROW_HEIGHT = 420, 22
MAP_SIZE, MARGIN = 220, 14
OTHER, OWN, FAILED = "#9aa5b1", "#d95f02", "#b3261e"
MAX_POINTS = 2000
Link = Callable[[str], Html]


def comparison(own: Digest, digests: Sequence[Digest]) -> Html:
    """Each number of an episode as a mark among those of its task and device; empty when alone."""
    others = [
        d
        for d in digests
        if (d.task, d.device) == (own.task, own.device) and d.episode_id != own.episode_id
    ]
    if not others:
        return Html("")
    rows = []
    for key, what, unit in FIELDS:
        value = getattr(own, key)
        values = [v for d in others if (v := getattr(d, key)) is not None]
        if value is None or not values:
            continue
        below = 100 * sum(v < value for v in values) / len(values)
        rows.append((what, number(value, 3), unit, number(below, 0), _row(value, values)))
    head = (
        f"<h3>Among {len(others)} other episodes of {text(own.task)} with {text(own.device)}</h3>"
    )
    columns = ("", "this episode", "unit", "% below it", "others (grey), this (orange)")
    return Html(head + table(columns, rows)) if rows else Html("")


def groups_section(groups: Sequence[GroupReport], digests: Sequence[Digest], link: Link) -> Html:
    """What only shows between episodes: findings and coverage maps of each task and device.

    Args:
        groups: their reports.
        digests: of the episodes.
        link: from an episode's id to where its section is.
    """
    by_id = {digest.episode_id: digest for digest in digests}
    parts = []
    for group in groups:
        if len(group.episodes) < 2:
            continue
        members = [by_id[i] for i in group.episodes if i in by_id]
        title = f"{group.task} with {group.device}: {len(members)} episodes"
        parts.append(
            f"<h2>{text(title)}</h2>{_findings(group, link)}{_maps(members)}{_measures(group)}"
        )
    return Html("".join(parts))


def _findings(group: GroupReport, link: Link) -> Html:
    if not group.findings:
        return Html("<p>Nothing stands out between these episodes.</p>")
    rows = [
        (badge(str(f.severity)), f.check, "all" if i is None else link(i), f.message)
        for i, f in group.findings
    ]
    return table(("", "check", "episode", "finding"), rows)


def _maps(members: Sequence[Digest]) -> Html:
    """Where objects and joints were at the start, one map each."""
    maps = []
    for topic in sorted({topic for d in members for topic in d.objects}):
        places = [(d, d.objects[topic][:2]) for d in members if topic in d.objects]
        maps.append(_map(f"{topic} at the start", "x, m", "y, m", places))
    keys = sorted({key for d in members for key in d.start})
    spread = {k: _spread([d.start[k] for d in members if k in d.start]) for k in keys}
    widest = sorted(keys, key=lambda k: -spread[k])[:2]
    if len(widest) == 2:
        both = [
            (d, (d.start[widest[0]], d.start[widest[1]]))
            for d in members
            if widest[0] in d.start and widest[1] in d.start
        ]
        maps.append(_map("joints at the start", widest[0], widest[1], both))
    drawn = "".join(maps)
    return Html(
        f'<h3>Coverage (red: failures)</h3><div class="plots">{drawn}</div>' if drawn else ""
    )


def _map(
    title: str, x_name: str, y_name: str, points: Sequence[tuple[Digest, Sequence[float]]]
) -> Html:
    points = points[:MAX_POINTS]
    xs, ys = [p[0] for _, p in points], [p[1] for _, p in points]
    dots = []
    for digest, (x, y) in points:
        color = FAILED if digest.success is False else "#1f4fb4"
        across = _scaled(x, xs, MARGIN, MAP_SIZE - MARGIN)
        up = MAP_SIZE - _scaled(y, ys, MARGIN, MAP_SIZE - MARGIN)
        dots.append(
            f'<circle cx="{across:.1f}" cy="{up:.1f}" r="3.5" fill="{color}" fill-opacity="0.6">'
            f"<title>{escape(digest.episode_id)}</title></circle>"
        )
    caption = (
        f"{escape(title)}<br/>{escape(x_name)}: {min(xs):.3g} to {max(xs):.3g}, "
        f"{escape(y_name)}: {min(ys):.3g} to {max(ys):.3g}"
    )
    drawn = drawing(MAP_SIZE, MAP_SIZE, "".join(dots))
    return Html(f"<figure><figcaption>{caption}</figcaption>{drawn}</figure>")


def _measures(group: GroupReport) -> Html:
    rows = [
        (check, m.name, number(m.value, 3), m.unit)
        for check, found in group.measures.items()
        for m in found
    ]
    return table(("check", "measure", "value", "unit"), rows) if rows else Html("")


def _row(value: float, values: Sequence[float]) -> Html:
    """One line with a tick for each episode."""
    everything = [*values, value]

    def tick(v: float, color: str, height: int) -> str:
        x = _scaled(v, everything, 6, ROW_WIDTH - 6)
        top = (ROW_HEIGHT - height) / 2
        return f'<rect x="{x - 1:.1f}" y="{top:g}" width="2" height="{height}" fill="{color}"/>'

    marks = "".join(tick(v, OTHER, 10) for v in sorted(values)[:MAX_POINTS])
    own = tick(value, OWN, 20)
    return drawing(ROW_WIDTH, ROW_HEIGHT, marks + own)


def _scaled(value: float, values: Sequence[float], low: float, high: float) -> float:
    span = max(values) - min(values)
    share = (value - min(values)) / span if span > 0 else 0.5
    return low + share * (high - low)


def _spread(values: Sequence[float]) -> float:
    return max(values, default=0.0) - min(values, default=0.0)
