"""The rig check's baseline as an episode carries it, measured on a good one."""

from pathlib import Path
from tempfile import TemporaryDirectory

from support.synthetic_episode import write_plan
from support.synthetic_streams import Plan

from teleop_collect.qa.run import check_episode
from teleop_collect.rig.checks.baseline import Baseline, CameraBaseline


def camera_baseline_of(plan: Plan, camera: str = "scene") -> CameraBaseline:
    """What a rig check would have measured of a camera."""
    with TemporaryDirectory() as folder:
        report = check_episode(write_plan(plan, Path(folder), "baseline"), write=False)
    color, depth = (
        f"/cameras/{camera}/{kind}/image_raw" for kind in ("color", "aligned_depth_to_color")
    )
    pixels = plan.streams[color].samples[0].value["pixels"]
    return CameraBaseline(
        serial="",
        width=pixels.shape[1],
        height=pixels.shape[0],
        brightness=report.measure("image_exposure", "mean", color) or 0.0,
        sharpness=report.measure("image_blur", "laplacian_variance", color) or 0.0,
        depth_fill=report.measure("depth_fill", "fill_share", depth),
    )


def baseline_document(plan: Plan, camera: str = "scene") -> bytes:
    """The attachment of episodes that were recorded behind that rig check."""
    baseline = Baseline(
        rig="sim_tabletop",
        made_ns=plan.start_ns,
        software_version="0.1.0",
        ages_s={},
        cameras={camera: camera_baseline_of(plan, camera)},
    )
    return baseline.model_dump_json(by_alias=True).encode()
