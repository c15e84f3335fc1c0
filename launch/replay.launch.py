"""Publishes a recorded episode again on its topics.

Example: ros2 launch teleop_collect replay.launch.py episode:=~/demonstrations/episodes/ID rate:=0.5
"""

from launch import LaunchDescription

from teleop_collect.nodes.launching import replay_graph


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(replay_graph())
