"""What a faulty simulated camera makes of an image."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from teleop_collect.clock import NS_PER_S
from teleop_collect.devices.sim.faults import CameraFaults
from teleop_collect.samples import Intrinsics, RgbdSample


def faulty_image(
    sample: RgbdSample, faults: CameraFaults, previous: RgbdSample | None
) -> RgbdSample:
    """The image as the faulty camera gives it.

    Args:
        sample: the true one.
        faults: what is wrong.
        previous: what the camera gave before; None at first.
    """
    if faults.frozen and previous is not None:
        return previous
    color, depth = sample.color, sample.depth_mm
    if faults.blur_px > 0:
        color = _blurred(color, faults.blur_px)
    if faults.brightness != 1.0:
        color = np.clip(color * faults.brightness, 0, 255).astype(np.uint8)
    if depth is not None:
        depth = _faulty_depth(depth, faults)
    offset_ns = round(faults.stamp_offset_s * NS_PER_S)
    return replace(sample, stamp_ns=sample.stamp_ns + offset_ns, color=color, depth_mm=depth)


def faulty_intrinsics(intrinsics: Intrinsics, faults: CameraFaults) -> Intrinsics:
    """What the faulty camera tells of itself."""
    factor, (right, down) = faults.focal_factor, faults.principal_px
    return replace(
        intrinsics,
        fx=intrinsics.fx * factor,
        fy=intrinsics.fy * factor,
        cx=intrinsics.cx + right,
        cy=intrinsics.cy + down,
    )


def _faulty_depth(depth: NDArray[np.uint16], faults: CameraFaults) -> NDArray[np.uint16]:
    if faults.depth_factor != 1.0:
        scaled = np.rint(depth * faults.depth_factor)
        depth = np.clip(scaled, 0, np.iinfo(np.uint16).max).astype(np.uint16)
    if faults.depth_shift_px:
        depth = np.roll(depth, faults.depth_shift_px, axis=1)
    if faults.depth_holes > 0:
        holes = np.random.default_rng(0).random(depth.shape) < faults.depth_holes
        depth = np.where(holes, 0, depth).astype(np.uint16)
    return depth


def _blurred(color: NDArray[np.uint8], sigma_px: float) -> NDArray[np.uint8]:
    """Two box filters in each direction, which together have that standard deviation."""
    width = 2 * round(math.sqrt(6 * sigma_px**2 + 1) / 2 - 0.5) + 1
    image = color.astype(np.float32)
    for axis in (0, 1, 0, 1):
        image = _boxed(image, axis, width)
    blurred: NDArray[np.uint8] = np.rint(image).astype(np.uint8)
    return blurred


def _boxed(image: NDArray[np.float32], axis: int, width: int) -> NDArray[np.float32]:
    """Running mean over an odd number of pixels; the border repeats its pixels."""
    reach = width // 2
    pad = [(reach + 1, reach) if a == axis else (0, 0) for a in range(3)]
    sums = np.cumsum(np.pad(image, pad, mode="edge"), axis=axis, dtype=np.float64)
    size = image.shape[axis]
    upper = np.take(sums, range(width, width + size), axis=axis)
    lower = np.take(sums, range(size), axis=axis)
    mean: NDArray[np.float32] = ((upper - lower) / width).astype(np.float32)
    return mean
