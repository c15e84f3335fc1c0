"""Pages beside calibration files: where the board was, and what the fit left over."""

import math
from collections.abc import Sequence

import numpy as np

from teleop_collect.pages.html import Html, number, page, table
from teleop_collect.rig.calibration.camera import IntrinsicsFit
from teleop_collect.rig.calibration.coverage import COLUMNS, ROWS
from teleop_collect.rig.calibration.hand_eye import HandEyeFit
from teleop_collect.samples import FloatArray

WIDTH = 480
ARROW = 50.0
"""Residuals are drawn this many times their length."""


def intrinsics_page(camera: str, fit: IntrinsicsFit) -> str:
    """Residual plot, residuals over the image, error of each view and coverage."""
    values = fit.values
    rows = [
        ("fx, fy (px)", f"{values.fx:.3f}, {values.fy:.3f}"),
        ("cx, cy (px)", f"{values.cx:.3f}, {values.cy:.3f}"),
        ("k1 k2 p1 p2 k3", ", ".join(f"{k:.5f}" for k in values.distortion)),
        ("standard errors fx fy cx cy (px)", ", ".join(f"{e:.3f}" for e in fit.errors)),
        ("reprojection error (px)", number(fit.rms_px, 3)),
    ]
    parts = [
        f"<h1>Intrinsics of camera {camera}</h1>",
        table(("value", ""), rows),
        "<h2>Residuals</h2><div class=plots>",
        _scatter("residuals (px)", fit.residuals_px),
        _arrows(fit.corners_px, fit.residuals_px, values.width, values.height),
        "</div><h2>Views</h2>",
        _bars(fit.view_rms_px),
        "<h2>Corners in each part of the image</h2>",
        table(
            ("", *COLUMNS),
            [(r, *map(int, c)) for r, c in zip(ROWS, fit.coverage.cells, strict=True)],
        ),
    ]
    return page(f"intrinsics of {camera}", "".join(parts))


def _cells(fit: IntrinsicsFit) -> list[tuple[object, ...]]:
    return [(row, *map(int, cells)) for row, cells in zip(ROWS, fit.coverage.cells, strict=True)]


def hand_eye_page(camera: str, fit: HandEyeFit) -> str:
    """Error of each pose, and how far solvers and held-out poses disagree."""
    rows = [
        ("reprojection error (px)", number(fit.rms_px, 3)),
        ("error in held-out poses (px)", number(fit.held_out_px, 3)),
        ("largest, held out (mm)", number(1e3 * fit.held_out_m, 2)),
        ("largest, held out (degrees)", number(math.degrees(fit.held_out_rad), 3)),
        ("two solvers differ by (mm)", number(1e3 * fit.solvers_m, 2)),
        ("two solvers differ by (degrees)", number(math.degrees(fit.solvers_rad), 3)),
        ("standard error of the position (mm)", number(1e3 * fit.error_m, 3)),
        ("standard error of the direction (degrees)", number(math.degrees(fit.error_rad), 4)),
    ]
    body = f"<h1>Hand-eye calibration of camera {camera}</h1>{table(('value', ''), rows)}"
    return page(f"hand-eye of {camera}", body + "<h2>Poses</h2>" + _bars(fit.pose_px))


def _scatter(title: str, points: FloatArray) -> Html:
    """Residuals about their origin; circles at a quarter, half and the whole of the scale."""
    reach = max(float(np.abs(points).max(initial=0.0)), 0.05)
    middle = WIDTH / 2
    scale = (middle - 10) / reach
    circles = "".join(
        f'<circle cx="{middle}" cy="{middle}" r="{share * reach * scale:.1f}" fill="none" '
        'stroke="#ccc"/>'
        for share in (0.25, 0.5, 1.0)
    )
    dots = "".join(
        f'<circle cx="{middle + x * scale:.1f}" cy="{middle + y * scale:.1f}" r="1.5" '
        'fill="#1668a8" fill-opacity="0.6"/>'
        for x, y in points
    )
    return Html(
        f"<figure><figcaption>{title}, outer circle {reach:.2f} px</figcaption>"
        f'<svg width="{WIDTH}" height="{WIDTH}">{circles}{dots}</svg></figure>'
    )


def _arrows(corners: FloatArray, residuals: FloatArray, width: int, height: int) -> Html:
    scale = WIDTH / width
    ends = (corners + ARROW * residuals) * scale
    lines = "".join(
        f'<line x1="{a:.1f}" y1="{b:.1f}" x2="{c:.1f}" y2="{d:.1f}" stroke="#b3261e"/>'
        for (a, b), (c, d) in zip(corners * scale, ends, strict=True)
    )
    return Html(
        f"<figure><figcaption>over the image, {ARROW:g} times enlarged</figcaption>"
        f'<svg width="{WIDTH}" height="{round(height * scale)}">{lines}</svg></figure>'
    )


def _bars(values: Sequence[float]) -> Html:
    top, wide = max(values), WIDTH / max(len(values), 1)
    bars = "".join(
        f'<rect x="{i * wide + 1:.1f}" y="{100 - 95 * v / top:.1f}" width="{wide - 2:.1f}" '
        f'height="{95 * v / top:.1f}" fill="#1668a8"><title>view {i + 1}: {v:.3f} px</title></rect>'
        for i, v in enumerate(values)
    )
    return Html(
        f"<figure><figcaption>error of each view, highest {top:.3f} px</figcaption>"
        f'<svg width="{WIDTH}" height="100">{bars}</svg></figure>'
    )
