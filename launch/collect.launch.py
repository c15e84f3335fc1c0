"""Everything for one rig: devices, teleoperation, cameras, rig check and recorder.

Example: ros2 launch teleop_collect collect.launch.py rig:=sim_tabletop root:=~/demonstrations
"""

from launch import LaunchDescription

from teleop_collect.nodes.launching import RECORDER_ARGUMENTS, rig_graph
from teleop_collect.rig.processes import COLLECT_ROLES


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(rig_graph(COLLECT_ROLES, recorder=RECORDER_ARGUMENTS))
