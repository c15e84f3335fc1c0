"""From an arm that stood still to what hand-eye and wrench calibration take."""

from collections.abc import Iterable

from teleop_collect.rig.calibration.arm_model import ArmModel
from teleop_collect.rig.calibration.charuco import BoardDetector
from teleop_collect.rig.calibration.hand_eye import ArmView
from teleop_collect.rig.calibration.samples import StillSample
from teleop_collect.rig.calibration.wrench import WrenchPose

MAX_JOINT_NOISE_RAD = 0.003
"""Standard deviation of a joint above which the arm was moving."""


def is_still(sample: StillSample) -> bool:
    """Whether every joint stood still."""
    return all(noise <= MAX_JOINT_NOISE_RAD for noise in sample.noise_rad.values())


def arm_view(
    sample: StillSample, model: ArmModel, link: str, detector: BoardDetector
) -> ArmView | None:
    """The board as seen in one pose; None when the arm moved or the board is not in view."""
    if sample.image is None or not is_still(sample):
        return None
    view = detector.detect(sample.image)
    return None if view is None else ArmView(model.world_from_link(link, sample.joints), view)


def wrench_poses(
    samples: Iterable[StillSample], model: ArmModel, frame_id: str
) -> list[WrenchPose]:
    """What the sensor shows in each pose in which the arm stood still."""
    return [
        WrenchPose(
            model.gravity_in(frame_id, sample.joints),
            sample.force_n,
            sample.torque_nm,
            sample.noise_n,
        )
        for sample in samples
        if is_still(sample) and sample.force_n is not None and sample.torque_nm is not None
    ]
