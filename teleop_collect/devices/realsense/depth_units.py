"""Depth in a camera's own unit to whole millimetres."""

import numpy as np
from numpy.typing import NDArray

from teleop_collect.errors import DeviceError

NM_PER_MM = 1_000_000
NM_PER_M = 1_000_000_000
MAX_MM = 65_535


class DepthToMm:
    """Converts raw depth to mm, rounded to the nearest mm, halves up.

    Exact: the unit is taken in whole nanometres (the SDK hands 0.0001 m over as a 32-bit float,
    9.99999975e-05) and the rest is integer arithmetic. 0 stays 0, invalid; what lies beyond 65 535
    mm, which 16 bits cannot hold, becomes 0 too.

    Args:
        scale_m: metres per unit, as the depth sensor reports it.

    Raises:
        DeviceError: the unit is not between 1 nm and 1 m.
    """

    def __init__(self, scale_m: float) -> None:
        unit_nm = round(scale_m * NM_PER_M)
        if not 1 <= unit_nm <= NM_PER_M:
            raise DeviceError(
                f"the camera reports a depth unit of {scale_m} m, which is not between 1 nm and "
                "1 m; reset it with realsense-viewer"
            )
        self.unit_m = unit_nm / NM_PER_M
        raw = np.arange(1 << 16, dtype=np.int64)
        millimetres = (raw * unit_nm + NM_PER_MM // 2) // NM_PER_MM
        millimetres[millimetres > MAX_MM] = 0
        self._is_mm = unit_nm == NM_PER_MM
        self._table = millimetres.astype(np.uint16)

    def convert(self, raw: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """A new array in mm, same shape; 0 = invalid."""
        return raw.copy() if self._is_mm else self._table[raw]
