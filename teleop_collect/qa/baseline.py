"""What the rig check measured of a camera when the rig was good, as far as the episode holds it."""

from pydantic import ValidationError

from teleop_collect.qa.evidence import Evidence
from teleop_collect.rig.checks.baseline import BASELINE_FILE, Baseline, CameraBaseline


def camera_baseline(evidence: Evidence, topic: str) -> CameraBaseline | None:
    """The baseline of the camera that publishes a topic; None where none was recorded.

    Args:
        evidence: the episode.
        topic: an image stream, `.../cameras/NAME/...`.
    """
    data = evidence.episode.attachments.get(BASELINE_FILE)
    if data is None:
        return None
    try:
        cameras = Baseline.model_validate_json(data).cameras
    except ValidationError:
        return None
    return cameras.get(topic.partition("/cameras/")[2].partition("/")[0])
