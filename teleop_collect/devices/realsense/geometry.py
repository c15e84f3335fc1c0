"""Intrinsics and extrinsics of a camera, from the device's own calibration."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from teleop_collect.devices.realsense.streams import StreamProfiles
from teleop_collect.samples import FloatArray, Intrinsics

_PLUMB_BOB = frozenset({"none", "brown_conrady", "modified_brown_conrady"})


@dataclass(frozen=True)
class Distortion:
    """Lens distortion: the SDK's name of the model and its coefficients k1 k2 p1 p2 k3."""

    model: str
    coefficients: tuple[float, float, float, float, float]

    @property
    def ros_model(self) -> str:
        """The name that CameraInfo has for it (sensor_msgs/distortion_models).

        The inverse model of D4xx has none: with coefficients it keeps the SDK's, so that nobody
        rectifies by the wrong formula.
        """
        if self.is_none or self.model in _PLUMB_BOB:
            return "plumb_bob"
        return "equidistant" if self.model == "kannala_brandt4" else self.model

    @property
    def is_none(self) -> bool:
        """Whether the image is a pinhole's: all coefficients 0, as D4xx mostly say of colour."""
        return not any(self.coefficients)


NO_DISTORTION = Distortion("none", (0.0, 0.0, 0.0, 0.0, 0.0))


@dataclass(frozen=True)
class CameraGeometry:
    """What calibration says of one camera.

    Attributes:
        color: pinhole parameters of colour and of depth aligned to it.
        distortion: of the colour image.
        color_from_depth: 4 x 4 transform from the depth to the colour optical frame, m; None
            without depth.
        depth_scale_m: metres per unit of raw depth; None without depth.
    """

    color: Intrinsics
    distortion: Distortion
    color_from_depth: FloatArray | None
    depth_scale_m: float | None


def geometry_of(profiles: StreamProfiles) -> CameraGeometry:
    """Read the calibration of opened streams."""
    color = profiles.color.profile
    sdk = color.get_intrinsics()
    intrinsics = Intrinsics(sdk.width, sdk.height, sdk.fx, sdk.fy, sdk.ppx, sdk.ppy)
    k1, k2, p1, p2, k3 = (float(c) for c in sdk.coeffs)
    distortion = Distortion(sdk.model.name, (k1, k2, p1, p2, k3))
    if profiles.depth is None:
        return CameraGeometry(intrinsics, distortion, None, None)
    extrinsics = profiles.depth.profile.get_extrinsics_to(color)
    scale_m = profiles.depth.sensor.as_depth_sensor().get_depth_scale()
    return CameraGeometry(intrinsics, distortion, _transform(extrinsics), scale_m)


def _transform(extrinsics: Any) -> FloatArray:
    """The SDK's extrinsics as a matrix; it stores the rotation column by column."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(extrinsics.rotation, (3, 3), order="F")
    matrix[:3, 3] = extrinsics.translation
    return matrix
