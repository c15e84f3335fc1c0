"""How rough a flat surface looks in a depth image."""

import numpy as np
from numpy.typing import NDArray

from teleop_collect.samples import FloatArray, Intrinsics

PATCH_PX = 24
"""Side of the square patches in which planes are sought."""
MIN_VALID = 0.9
QUANTILE = 0.25
"""A quarter of the patches of any tabletop scene is taken to be flat."""


def plane_noise(depth_mm: NDArray[np.uint16], intrinsics: Intrinsics) -> float | None:
    """Root mean square distance from a plane over the distance, of the flattest patches.

    Args:
        depth_mm: shape (height, width), mm, 0 = invalid.
        intrinsics: of the image.

    Returns:
        The lower quartile over all patches that are full of depth; None without such a patch.
    """
    height, width = depth_mm.shape
    shares = [
        rough
        for top in range(0, height - PATCH_PX + 1, PATCH_PX)
        for left in range(0, width - PATCH_PX + 1, PATCH_PX)
        if (rough := _roughness(depth_mm, top, left, intrinsics)) is not None
    ]
    return float(np.quantile(shares, QUANTILE)) if shares else None


def _roughness(
    depth_mm: NDArray[np.uint16], top: int, left: int, intrinsics: Intrinsics
) -> float | None:
    patch = depth_mm[top : top + PATCH_PX, left : left + PATCH_PX]
    valid = patch > 0
    if valid.mean() < MIN_VALID:
        return None
    rows, columns = np.nonzero(valid)
    z = patch[valid].astype(np.float64) / 1000.0
    points = _points(rows + top, columns + left, z, intrinsics)
    centred = points - points.mean(axis=0)
    # The smallest singular value is the root of the summed squared distances from the best plane.
    smallest = np.linalg.svd(centred, compute_uv=False)[-1]
    return float(smallest / np.sqrt(len(z)) / z.mean())


def _points(
    rows: NDArray[np.int64], columns: NDArray[np.int64], z: FloatArray, k: Intrinsics
) -> FloatArray:
    return np.stack([(columns - k.cx) / k.fx * z, (rows - k.cy) / k.fy * z, z], axis=1)
