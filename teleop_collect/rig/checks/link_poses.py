"""Where what carries a camera is, seen from what carries the board."""

import numpy as np

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.samples import FloatArray


def parent_from_parent(context: CheckContext, board: str, camera: str) -> FloatArray | None:
    """4x4 pose of a camera's parent in the board's parent; None where it is not known.

    Args:
        context: with the joints as measured.
        board: what the board hangs on, `world` or `ARM/LINK`.
        camera: what the camera hangs on.
    """
    del context
    return np.eye(4) if board == camera else None
