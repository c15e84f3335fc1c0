"""OpenCV, imported when a calibration needs it."""

from typing import Any

from teleop_collect.errors import MissingExtraError


def import_cv2() -> Any:
    """The module cv2, with ChArUco.

    Raises:
        MissingExtraError: it is not installed, or older than 4.7.
    """
    try:
        import cv2
    except ImportError as error:
        raise MissingExtraError("cv2", "calibration") from error
    if not hasattr(getattr(cv2, "aruco", None), "CharucoDetector"):
        raise MissingExtraError("cv2 with aruco.CharucoDetector (4.7 or newer)", "calibration")
    return cv2
