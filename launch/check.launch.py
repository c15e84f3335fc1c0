"""Devices, cameras and the rig check, which `ros2 service call /rig_check/run` starts.

Example: ros2 launch teleop_collect check.launch.py rig:=sim_tabletop
"""

from launch import LaunchDescription

from teleop_collect.nodes.launching import rig_graph
from teleop_collect.rig.processes import CHECK_ROLES


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(rig_graph(CHECK_ROLES))
