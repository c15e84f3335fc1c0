"""Publish an episode again on its topics, with its own timing, for viewers and ROS tools.

It moves no robot, and refuses while a rig is live on the ROS domain. With `--to robot` it drives
the running rig's followers through what they were sent, along the same chain as teleoperation: the
whole motion is checked first, then the arm goes slowly to its start.

example: teleop-collect replay latest --root ~/demos --rate 0.5
example: teleop-collect replay latest --start 2 --end 5 --loop --topics '/follower/*,!*/wrench'
example: teleop-collect replay latest --to robot --speed 0.5
"""

import argparse
import os

from teleop_collect.cli.replay_robot import run_robot
from teleop_collect.episodes.root import find_episode
from teleop_collect.errors import MissingExtraError
from teleop_collect.rig.processes import process_environment

DEFAULT_ROOT = "~/teleop_collect"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    parser.add_argument("episode", help="folder, MCAP file, id, or 'latest'")
    parser.add_argument("--root", default=DEFAULT_ROOT, help=f"default: {DEFAULT_ROOT}")
    parser.add_argument("--rate", type=float, default=1.0, help="speed (default: 1.0)")
    parser.add_argument("--loop", action="store_true", help="start again at the end")
    parser.add_argument("--start", type=float, default=0.0, help="begin here, s (default: 0)")
    parser.add_argument("--end", type=float, default=0.0, help="end here, s (default: the end)")
    text = "comma-separated, with * and ?; a ! in front leaves topics out (default: all)"
    parser.add_argument("--topics", default="", help=text)
    parser.add_argument("--to", choices=("topics", "robot"), default="topics", help="(topics)")
    robot = parser.add_argument_group("with --to robot")
    robot.add_argument("--rig", help="the rig that runs (default: the one that recorded)")
    robot.add_argument("--speed", type=float, default=1.0, help="0.01 to 2 (default: 1.0)")
    robot.add_argument("--json", action="store_true", help="the report for programs")


def run(args: argparse.Namespace) -> int:
    """Run the replay node to its end."""
    if args.to == "robot":
        return run_robot(args)
    folder = find_episode(args.episode, args.root).absolute()
    values = [f"episode:={folder}", f"rate:={float(args.rate)}", f"loop:={str(args.loop).lower()}"]
    values += [f"start_s:={float(args.start)}", f"end_s:={float(args.end)}"]
    if args.topics:
        values.append(f"topics:={args.topics}")
    os.environ.update(process_environment())
    try:
        from teleop_collect.nodes.host import run_node
        from teleop_collect.nodes.replay import ReplayNode, keep_time
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "rclpy", "ros") from error
    parameters = [part for value in values for part in ("-p", value)]
    keep_time()
    return run_node("replay", ReplayNode, ["--ros-args", *parameters])
