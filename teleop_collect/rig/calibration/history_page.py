"""One page with the drift of every calibrated value over time."""

from collections.abc import Sequence

import numpy as np

from teleop_collect.pages.html import Html, page, table, text
from teleop_collect.pages.svg import Line, plot
from teleop_collect.rig.calibration.drift import Course
from teleop_collect.rig.calibration.records import Calibration

SECONDS_A_DAY = 86_400.0
COLOR = "#1668a8"


def history_page(rig: str, found: Sequence[Course]) -> str:
    """Tables and plots of all devices of a rig."""
    parts = [f"<h1>Calibrations of {text(rig)}</h1>"]
    parts += [_device(course) for course in found]
    if not found:
        parts.append("<p>Nothing has been calibrated yet.</p>")
    return page(f"calibrations of {rig}", "".join(parts))


def _device(course: Course) -> str:
    device = course.device
    rows = [
        (c.version, c.made[:19], c.operator, c.serials.get(device, ""), c.samples, _told(c))
        for c in course.calibrations
    ]
    columns = ("version", "made", "operator", "serial", "samples", "residuals")
    return (
        f"<h2>{text(course.kind)} of {text(course.device)}</h2>{table(columns, rows)}"
        f'<div class="plots">{"".join(_plot(course, name) for name in course.names)}</div>'
    )


def _told(calibration: Calibration) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in calibration.residuals.items())


def _plot(course: Course, name: str) -> Html:
    times = np.array(course.times_s(name))
    days = (times - times[0]) / SECONDS_A_DAY
    values = np.array(course.values(name))
    if len(values) == 1:  # A line needs two ends.
        days, values = np.array([0.0, 1.0]), np.repeat(values, 2)
    line = Line(f"{course.drift(name):+.3g}", COLOR, days, values)
    return plot(name, f"over {days[-1]:.1f} days", [line])
