"""What crosses boundaries between devices, teleoperation and nodes. SI units, joints by name.

`stamp_ns` is UTC nanoseconds at the moment of measurement, taken by whoever measured.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class JointSample:
    """Joint values of one arm at one moment.

    Attributes:
        stamp_ns: UTC time of measurement, ns.
        names: joint names; the other fields have one entry for each, in this order.
        position: rad (revolute) or m (prismatic).
        velocity: rad/s or m/s; empty when not measured.
        effort: Nm or N; empty when not measured.
    """

    stamp_ns: int
    names: tuple[str, ...]
    position: tuple[float, ...]
    velocity: tuple[float, ...] = ()
    effort: tuple[float, ...] = ()

    def by_name(self) -> dict[str, float]:
        """Positions keyed by joint name."""
        return dict(zip(self.names, self.position, strict=True))


@dataclass(frozen=True)
class WrenchSample:
    """Force (N, xyz) and torque (Nm, xyz) acting at and expressed in `frame_id`."""

    stamp_ns: int
    frame_id: str
    force_n: tuple[float, float, float]
    torque_nm: tuple[float, float, float]


@dataclass(frozen=True)
class TwistSample:
    """Velocity that an operator asks of a tool, and the device's buttons, at one moment.

    Attributes:
        stamp_ns: UTC time at which the device was read, ns. A device at rest is read too: a fresh
            stamp says that the device is alive, whether it moves or not.
        frame_id: frame in whose axes both velocities are given.
        linear_m_s: velocity of the tool's origin, xyz, m/s.
        angular_rad_s: angular velocity, xyz, rad/s.
        buttons: 1 for each button that was down since the previous sample, else 0.
        axes: deflections x, y, z, roll, pitch, yaw as the device has them, -1 to 1, before dead
            zone and scaling; empty where the device has none.
    """

    stamp_ns: int
    frame_id: str
    linear_m_s: tuple[float, float, float]
    angular_rad_s: tuple[float, float, float]
    buttons: tuple[int, ...] = ()
    axes: tuple[float, ...] = ()


@dataclass(frozen=True)
class Pose:
    """A rigid transform: position in m, orientation as a unit quaternion xyzw."""

    position_m: tuple[float, float, float]
    quat_xyzw: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True)
class PoseSample:
    """Pose of one object, `frame_id_from_object`."""

    stamp_ns: int
    frame_id: str
    pose: Pose


@dataclass(frozen=True)
class Intrinsics:
    """Pinhole camera: sizes in px, focal lengths and principal point in px.

    `distortion` is that of `plumb_bob`: k1, k2, p1, p2, k3.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class RgbdSample:
    """One colour image and, where the camera has it, depth aligned to it.

    Attributes:
        stamp_ns: UTC time of exposure, ns.
        color: uint8, shape (height, width, 3), RGB.
        depth_mm: uint16, shape (height, width), mm along the optical axis, 0 = invalid; or None.
        frame_number: the camera's own count of images, from which losses show; None when the
            camera does not count.
    """

    stamp_ns: int
    color: NDArray[np.uint8]
    depth_mm: NDArray[np.uint16] | None
    frame_number: int | None = None
