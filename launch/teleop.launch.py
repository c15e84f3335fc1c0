"""Teleoperation alone: devices, the bridge from leader to follower, and the rig check.

Example: ros2 launch teleop_collect teleop.launch.py rig:=sim_tabletop
"""

from launch import LaunchDescription

from teleop_collect.nodes.launching import rig_graph
from teleop_collect.rig.processes import TELEOP_ROLES


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(rig_graph(TELEOP_ROLES))
