"""How the rig check looks, and the limits that a rig may set for itself."""

from typing import Annotated

from pydantic import Field

from teleop_collect.rig.section import Positive, Section, Share


class Check(Section):
    """The rig check that stands before teleoperation and recording."""

    max_age_s: Positive = 86_400.0
    rate_tolerance: Annotated[float, Field(gt=0, lt=1)] = 0.1
    observe_s: Positive = 2.0
    quick_observe_s: Positive = 1.5
    """How long the quick check before a session looks."""
    motion_rad: Annotated[float, Field(ge=0, le=0.3)] = 0.1
    """Step of each joint in the test motion; 0 forbids the motion."""
    joint_tolerance_rad: Positive = 0.035
    """Largest difference between leader and follower in one posture, and of a follower from what
    it was told; 2 degrees."""
    joint_tolerance_m: Positive = 0.004
    """The same for prismatic joints."""
    max_lag_s: Positive = 0.2
    """How much later than its commands a follower may move."""
    max_reprojection_px: Positive = 2.0
    """Mean distance of the board's corners from where the calibration puts them."""
    max_camera_drift_m: Positive = 0.002
    max_camera_drift_rad: Positive = 0.0026
    """How far a camera may seem to have moved since the baseline; 0.15 degrees."""
    max_depth_m: Positive = 6.0
    """Largest median depth that makes sense for this rig."""
    min_depth_fill: Share = 0.4
    """Smallest share of pixels with depth."""
    max_wrench_noise_n: Positive = 1.0
    """Standard deviation of one reading at rest."""
    max_gravity_error_n: Positive = 1.0
    """How far the force at rest may differ between two postures."""
    max_calibration_age_s: Positive = 7_776_000.0
    """Age from which on calibrations should be renewed; 90 days."""
