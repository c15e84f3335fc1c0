"""The robot model: each arm's URDF, moved by its measured joints."""

import tempfile
import warnings
from math import cos, sin
from pathlib import Path

from teleop_collect import topics
from teleop_collect.episodes.reader import Episode
from teleop_collect.episodes.recorded_rig import URDF_SUFFIX, recorded_rig
from teleop_collect.rig.config import Arm
from teleop_collect.view.canvas import Canvas
from teleop_collect.view.rerun_library import import_rerun
from teleop_collect.view.signals import WORLD


def draw_robots(episode: Episode, canvas: Canvas) -> list[str]:
    """Draw `robot_ARM` for every arm whose URDF was recorded.

    Returns:
        Arms that could not be drawn, and why.
    """
    rig = recorded_rig(episode)
    problems = []
    for name, arm in (rig.arms if rig else {}).items():
        urdf = episode.attachments.get(f"{name}{URDF_SUFFIX}")
        try:
            if urdf is not None:
                _draw(episode, canvas, name, arm, urdf)
        except (ValueError, RuntimeError, OSError) as error:
            problems.append(f"{name}: {error}")
    return problems


def _draw(episode: Episode, canvas: Canvas, name: str, arm: Arm, urdf: bytes) -> None:
    library = import_rerun("rerun.urdf")
    with tempfile.TemporaryDirectory(prefix="teleop_collect-view-") as folder:
        path = Path(folder) / f"{name}.urdf"
        path.write_bytes(urdf)
        tree = library.UrdfTree.from_file_path(path, f"robot_{name}", frame_prefix=f"{name}/")
        tree.log_urdf_to_recording(canvas.recording)
    root = f"{name}/{tree.root_link().name}"
    canvas.always(f"robot/{name}_base", _base(canvas, arm, root))
    topic = f"/{topics.arm_topic(arm.prefix, topics.FOLLOWER_JOINT_STATES)}"
    if topic not in episode.streams or not episode.streams[topic].count:
        return
    data = episode.read(topic)
    for column, joint_name in enumerate(data.names):
        joint = tree.get_joint_by_name(joint_name)
        values = data.values["position"][:, column]
        if joint is None or not (known := values == values).any():
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a measured joint may stand beyond its limit
            columns = joint.compute_transform_columns(values[known].tolist(), clamp=False)
        canvas.series(f"robot/{name}_joints/{joint_name}", data.log_ns[known], columns)


def _base(canvas: Canvas, arm: Arm, root: str) -> object:
    """`world_from_base` as the rig file states it; roll, pitch and yaw about fixed axes."""
    roll, pitch, yaw = (angle / 2 for angle in arm.base.rpy_rad)
    quat = (
        sin(roll) * cos(pitch) * cos(yaw) - cos(roll) * sin(pitch) * sin(yaw),
        cos(roll) * sin(pitch) * cos(yaw) + sin(roll) * cos(pitch) * sin(yaw),
        cos(roll) * cos(pitch) * sin(yaw) - sin(roll) * sin(pitch) * cos(yaw),
        cos(roll) * cos(pitch) * cos(yaw) + sin(roll) * sin(pitch) * sin(yaw),
    )
    return canvas.rr.Transform3D(
        translation=arm.base.xyz_m,
        quaternion=canvas.rr.Quaternion(xyzw=quat),
        parent_frame=WORLD,
        child_frame=root,
    )
