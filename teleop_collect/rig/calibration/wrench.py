"""Bias of a force-torque sensor, and mass and centre of gravity of what hangs on it.

At rest and without contact the sensor shows force = bias + m g and torque = bias + c x m g, with
gravity g in the sensor's axes: linear in bias, m and m c (Vougioukas, 2007), so least squares over
poses finds all ten numbers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from teleop_collect.errors import CheckFailed
from teleop_collect.rig.calibration.least_squares import standard_errors
from teleop_collect.rig.calibration.values import WrenchLoad
from teleop_collect.samples import FloatArray

MIN_POSES = 6
MIN_SPREAD = 0.25
"""Spread of gravity's direction over the poses, second singular value over sqrt(n): 0 when all lie
on one line, where the centre of gravity cannot be told from the bias."""
MAX_NOISE_N = 1.0
"""Standard deviation within one pose above which the arm moves or touches something."""
MAX_RESIDUAL_N = 2.0


@dataclass(frozen=True)
class WrenchPose:
    """What the sensor shows in one pose at rest, without contact.

    Attributes:
        gravity_m_s2: acceleration of gravity in the sensor's axes, shape (3,).
        force_n: mean, shape (3,).
        torque_nm: mean, shape (3,).
        noise_n: standard deviation of the force within the pose.
    """

    gravity_m_s2: FloatArray
    force_n: FloatArray
    torque_nm: FloatArray
    noise_n: float = 0.0


@dataclass(frozen=True)
class WrenchFit:
    """Bias and load, and what they leave unexplained.

    Attributes:
        values: bias, mass and centre of gravity.
        rms_n: root mean square force left over, a component.
        rms_nm: root mean square torque left over, a component.
        error_n: largest standard error of the force bias.
        error_nm: largest standard error of the torque bias.
        error_kg: standard error of the mass.
        error_m: largest standard error of the centre of gravity; 0 without mass.
    """

    values: WrenchLoad
    rms_n: float
    rms_nm: float
    error_n: float
    error_nm: float
    error_kg: float
    error_m: float


def missing_poses(poses: Sequence[WrenchPose]) -> str | None:
    """What poses still lack, in words; None when they suffice."""
    if len(poses) < MIN_POSES:
        return f"{len(poses)} poses at rest; {MIN_POSES} are needed"
    directions = np.array([p.gravity_m_s2 / np.linalg.norm(p.gravity_m_s2) for p in poses])
    spread = np.linalg.svd(directions - directions.mean(axis=0), compute_uv=False)
    if spread[0] / math.sqrt(len(poses)) < MIN_SPREAD:
        return "the tool points the same way in all poses: turn it by 60 degrees and more"
    if spread[1] / math.sqrt(len(poses)) < MIN_SPREAD:
        return "the tool is turned about parallel axes only: turn it about a second one as well"
    return None


def calibrate_wrench(poses: Sequence[WrenchPose], frame_id: str) -> WrenchFit:
    """Find bias and load.

    Args:
        poses: at rest, without contact, in different attitudes.
        frame_id: the sensor's frame.

    Raises:
        CheckFailed: too few poses, attitudes too much alike, an arm that moved or touched
            something, or readings of the wrong sign or frame; says which.
    """
    if (reason := missing_poses(poses)) is not None:
        raise CheckFailed(f"wrench calibration: {reason}")
    _refuse_restless(poses)
    force_rows = np.concatenate([_force_rows(p.gravity_m_s2) for p in poses])
    torque_rows = np.concatenate([_torque_rows(p.gravity_m_s2) for p in poses])
    force = np.concatenate([p.force_n for p in poses])
    torque = np.concatenate([p.torque_nm for p in poses])
    load, moment = (
        np.linalg.lstsq(rows, values, rcond=None)[0]
        for rows, values in ((force_rows, force), (torque_rows, torque))
    )
    left_force, left_torque = force - force_rows @ load, torque - torque_rows @ moment
    load_errors = standard_errors(force_rows, left_force)
    moment_errors = standard_errors(torque_rows, left_torque)
    fit = _fit(load, moment, load_errors, moment_errors, left_force, left_torque, frame_id)
    _refuse_bad(float(load[3]), fit)
    return fit


def compensated(
    force_n: FloatArray, torque_nm: FloatArray, gravity_m_s2: FloatArray, load: WrenchLoad
) -> tuple[FloatArray, FloatArray]:
    """What the environment does to the tool: a reading without bias and weight of the tool.

    Args:
        force_n: as measured, shape (3,).
        torque_nm: as measured, shape (3,).
        gravity_m_s2: in the sensor's axes at that moment, shape (3,).
        load: the calibration.
    """
    expected_force, expected_torque = expected_wrench(gravity_m_s2, load)
    return force_n - expected_force, torque_nm - expected_torque


def expected_wrench(gravity_m_s2: FloatArray, load: WrenchLoad) -> tuple[FloatArray, FloatArray]:
    """Force (N) and torque (Nm) that the sensor shows at rest and without contact."""
    weight = load.tool_mass_kg * gravity_m_s2
    force: FloatArray = np.array(load.bias_force_n) + weight
    torque: FloatArray = np.array(load.bias_torque_nm) + np.cross(load.tool_center_m, weight)
    return force, torque


def uncorrected(pose: WrenchPose, load: WrenchLoad) -> WrenchPose:
    """What the sensor itself showed, of a reading from which a driver took `load` off."""
    force, torque = expected_wrench(pose.gravity_m_s2, load)
    return replace(pose, force_n=pose.force_n + force, torque_nm=pose.torque_nm + torque)


def _force_rows(gravity: FloatArray) -> FloatArray:
    """Force by bias (3) and mass (1)."""
    return np.hstack([np.eye(3), gravity[:, None]])


def _torque_rows(gravity: FloatArray) -> FloatArray:
    """Torque by bias (3) and mass times centre of gravity (3): c x g = -[g]x c."""
    x, y, z = gravity
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.hstack([np.eye(3), -skew])


def _fit(
    load: FloatArray,
    moment: FloatArray,
    load_errors: FloatArray,
    moment_errors: FloatArray,
    left_force: FloatArray,
    left_torque: FloatArray,
    frame_id: str,
) -> WrenchFit:
    mass = max(0.0, float(load[3]))
    known = mass > 2 * load_errors[3]
    center = moment[3:] / mass if known else np.zeros(3)
    (fx, fy, fz), (tx, ty, tz), (cx, cy, cz) = (v.tolist() for v in (load[:3], moment[:3], center))
    values = WrenchLoad(
        frame_id=frame_id, bias_force_n=(fx, fy, fz), bias_torque_nm=(tx, ty, tz),
        tool_mass_kg=mass, tool_center_m=(cx, cy, cz),
    )  # fmt: skip
    return WrenchFit(
        values,
        float(np.sqrt(np.mean(left_force**2))),
        float(np.sqrt(np.mean(left_torque**2))),
        float(load_errors[:3].max()),
        float(moment_errors[:3].max()),
        float(load_errors[3]),
        float(moment_errors[3:].max() / mass) if known else 0.0,
    )


def _refuse_restless(poses: Sequence[WrenchPose]) -> None:
    restless = [i for i, p in enumerate(poses, 1) if not p.noise_n <= MAX_NOISE_N]
    if restless:
        worst = max(p.noise_n for p in poses)
        raise CheckFailed(
            f"wrench calibration: in pose {', '.join(map(str, restless))} the force varies by "
            f"{worst:.2f} N (limit {MAX_NOISE_N:g} N): let the arm rest and touch nothing"
        )


def _refuse_bad(mass_kg: float, fit: WrenchFit) -> None:
    if mass_kg < -2 * fit.error_kg - 0.01:
        raise CheckFailed(
            f"wrench calibration: the tool's mass comes out as {mass_kg:.3f} kg: the sensor's "
            "readings have the opposite sign (it shows what the tool does to the arm), or its "
            "frame_id is wrong"
        )
    if fit.rms_n > MAX_RESIDUAL_N:
        raise CheckFailed(
            f"wrench calibration: {fit.rms_n:.2f} N are left over (limit {MAX_RESIDUAL_N:g} N): "
            "the tool touched something, a cable pulls, or the sensor's frame_id is wrong"
        )
