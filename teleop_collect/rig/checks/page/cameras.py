"""What the cameras saw: the newest image with the board's corners, depth, and the baseline."""

from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop_collect.errors import ConfigError, MissingExtraError
from teleop_collect.pages.html import Html, number, table
from teleop_collect.pages.thumbnail import thumbnail
from teleop_collect.rig.checks.board_view import SeenBoard, seen_board
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.view import color_pictures, depth_pictures, view_of

WIDTH = 640
SEEN, KEPT = (40, 220, 60), (230, 40, 40)
RESIDUAL_SCALE = 10


def cameras_section(context: CheckContext) -> Html:
    """All cameras."""
    return Html("".join(_camera(context, name) for name in context.rig.cameras))


def _camera(context: CheckContext, name: str) -> str:
    colors, depths = color_pictures(context, name), depth_pictures(context, name)
    images, residuals = [], ""
    if colors:
        board = _board(context, name)
        picture = colors[-1] if board is None else board.picture
        pixels = np.array(picture.pixels[..., :3] if picture.pixels.ndim == 3 else picture.pixels)
        if board is not None:
            pixels = _with_corners(context, name, board, pixels)
            residuals = _residuals(context, name, board)
        images.append(thumbnail(pixels, f"{name}: colour", WIDTH))
    if depths:
        images.append(thumbnail(_shades(depths[-1].pixels), f"{name}: depth", WIDTH))
    return (
        f'<h2>Camera {escape(name)}</h2><div class="images">{"".join(images)}</div>'
        f"{_figures(context, name)}{residuals}"
    )


def _board(context: CheckContext, name: str) -> SeenBoard | None:
    try:
        return seen_board(context, name)
    except (MissingExtraError, ConfigError):
        return None


def _with_corners(
    context: CheckContext, name: str, board: SeenBoard, pixels: NDArray[Any]
) -> NDArray[Any]:
    """Corners now in green, those of the baseline in red."""
    before = context.camera_baseline(name)
    for corner in before.corners.values() if before else ():
        _dot(pixels, corner, KEPT)
    for x, y in board.view.corners_px.tolist():
        _dot(pixels, (x, y), SEEN)
    return pixels


def _dot(pixels: NDArray[Any], at: tuple[float, float], color: tuple[int, int, int]) -> None:
    column, row = round(at[0]), round(at[1])
    if pixels.ndim == 3 and row >= 0 and column >= 0:
        pixels[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2] = color


def _residuals(context: CheckContext, name: str, board: SeenBoard) -> str:
    """How far each corner is from the baseline's, as arrows ten times as long."""
    before = context.camera_baseline(name)
    if before is None or not before.corners:
        return ""
    arrows = []
    for corner, (x, y) in zip(board.view.ids.tolist(), board.view.corners_px.tolist(), strict=True):
        if corner in before.corners:
            kept_x, kept_y = before.corners[corner]
            to_x = kept_x + RESIDUAL_SCALE * (x - kept_x)
            to_y = kept_y + RESIDUAL_SCALE * (y - kept_y)
            arrows.append(
                f'<line x1="{kept_x:.1f}" y1="{kept_y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" '
                f'stroke="#b3261e"/><circle cx="{kept_x:.1f}" cy="{kept_y:.1f}" r="2"/>'
            )
    width, height = board.picture.size
    return (
        f"<figure><figcaption>corners of the board since the baseline, {RESIDUAL_SCALE} times "
        f'enlarged</figcaption><svg width="{width}" height="{height}">{"".join(arrows)}</svg>'
        "</figure>"
    )


def _figures(context: CheckContext, name: str) -> Html:
    now, before = view_of(context, name), context.camera_baseline(name)
    names = {
        "brightness": "brightness",
        "sharpness": "sharpness",
        "depth_m": "median depth, m",
        "depth_fill": "share with depth",
    }
    rows = [
        (text, number(getattr(now, key), 3), number(getattr(before, key, None), 3))
        for key, text in names.items()
    ]
    return table(("", "now", "baseline"), rows)


def _shades(depth: NDArray[Any]) -> NDArray[np.uint8]:
    """Near is bright, far is dark, without depth is black."""
    valid = depth > 0
    if not valid.any():
        return np.zeros(depth.shape, np.uint8)
    low, high = np.quantile(depth[valid], (0.01, 0.99))
    share = (depth - low) / max(high - low, 1.0)
    return np.where(valid, 255 - 215 * np.clip(share, 0, 1), 0).astype(np.uint8)
