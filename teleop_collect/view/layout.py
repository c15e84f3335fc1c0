"""How the parts of an episode are laid out on the screen."""

from typing import Any

from teleop_collect.episodes.reader import Episode
from teleop_collect.view.pictures import image_path, image_topics
from teleop_collect.view.rerun_library import import_rerun
from teleop_collect.view.signals import WORLD, joint_streams


def blueprint(episode: Episode) -> Any:
    """Left the robot, in the middle the cameras, right joints and wrench, below the events.

    Raises:
        MissingExtraError: rerun-sdk is not installed.
    """
    rrb = import_rerun("rerun.blueprint")
    frame = rrb.SpatialInformation(target_frame=WORLD)
    contents = ["+ /**", "- /arms/**", "- /cameras/**", "- /events", "- /labels"]
    robot = rrb.Spatial3DView(name="robot", contents=contents, spatial_information=frame)
    paths = dict.fromkeys(image_path(topic) for topic in image_topics(episode))
    pictures = [rrb.Spatial2DView(name=path.partition("/")[2], origin=f"/{path}") for path in paths]
    curves = [view for arm in arms_of(episode) for view in _arm_views(rrb, arm)]
    texts = [
        rrb.TextLogView(name="events", contents=["/events"]),
        rrb.TextLogView(name="labels", contents=["/labels"]),
    ]
    columns = [robot]
    if pictures:
        columns.append(rrb.Grid(*pictures, grid_columns=2))
    if curves:
        columns.append(rrb.Vertical(*curves))
    rows = rrb.Vertical(rrb.Horizontal(*columns), rrb.Horizontal(*texts), row_shares=[4, 1])
    return rrb.Blueprint(rows, collapse_panels=True)


def arms_of(episode: Episode) -> list[str]:
    """Arms whose joints were recorded."""
    return list(dict.fromkeys(stream.arm for stream in joint_streams(episode)))


def _arm_views(rrb: Any, arm: str) -> list[Any]:
    joints = rrb.TimeSeriesView(name=f"{arm}: joints", origin=f"/arms/{arm}/joints")
    force = rrb.TimeSeriesView(name=f"{arm}: force, N", origin=f"/arms/{arm}/force_n")
    torque = rrb.TimeSeriesView(name=f"{arm}: torque, Nm", origin=f"/arms/{arm}/torque_nm")
    return [joints, rrb.Horizontal(force, torque)]
