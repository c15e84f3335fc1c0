"""Bags as `ros2 bag record -s mcap` leaves them, of robots that know nothing of this package."""

from collections.abc import Mapping
from pathlib import Path

from rosbags.rosbag2 import StoragePlugin, Writer
from support.synthetic_episode import Plan, serialize, typestore, urdf_text

UR_TOPICS = {
    "/follower/joint_states": "/joint_states",
    "/leader/joint_states": "/gello/joint_states",
    "/teleop/action_sent": "/scaled_controller/joint_command",
    "/follower/wrench": "/force_torque_sensor_broadcaster/wrench",
    "/cameras/scene/color/image_raw": "/camera/camera/color/image_raw",
    "/cameras/scene/aligned_depth_to_color/image_raw": "/camera/camera/depth/image_rect_raw",
    "/task": "/notes",
}
MAPPING = """\
schema: teleop_collect.mapping/1
task_id: pick_cup
arms:
  main:
    follower: /joint_states
    leader: /gello/joint_states
    sent: /scaled_controller/joint_command
    wrench: /force_torque_sensor_broadcaster/wrench
    urdf: robot.urdf
    leader_device: gello
rates_hz: {/joint_states: 200, /camera/camera/color/image_raw: 30}
required: [/joint_states, /camera/camera/color/image_raw]
"""


def write_bag(folder: Path, plan: Plan, names: Mapping[str, str] = UR_TOPICS) -> Path:
    """Write the streams of a plan under other names with rosbags' writer."""
    store = typestore()
    with Writer(folder, version=8, storage_plugin=StoragePlugin.MCAP) as writer:
        rows = []
        for topic, name in names.items():
            stream = plan.streams[topic]
            connection = writer.add_connection(name, stream.type, typestore=store)
            rows += [(s.log_ns, name, connection, stream.type, s) for s in stream.samples]
        for log_ns, _, connection, kind, sample in sorted(rows, key=lambda row: row[:2]):
            writer.write(connection, log_ns, serialize(kind, sample))
    return folder


def write_mapping(folder: Path, text: str = MAPPING) -> Path:
    """A mapping file and the robot description that it names."""
    (folder / "robot.urdf").write_text(urdf_text())
    path = folder / "map.yaml"
    path.write_text(text)
    return path
