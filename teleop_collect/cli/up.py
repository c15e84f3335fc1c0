"""Start a rig's node graph, as `ros2 launch teleop_collect collect.launch.py rig:=RIG` does.

example: teleop-collect up --rig sim_tabletop --root ~/demos
example: teleop-collect up --rig aloha --emulate
"""

import argparse

from teleop_collect.cli.output import own_command
from teleop_collect.cli.session import RigSession, SessionOptions, usable_root
from teleop_collect.process import StopSignal
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.rehearsal import emulated_rig
from teleop_collect.rig.runtime import runtime_dir

POLL_S = 0.2


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    parser.add_argument("--rig", required=True, help="shipped rig or path of a rig file")
    parser.add_argument("--root", help="where episodes go (default: the rig file's)")
    parser.add_argument(
        "--emulate",
        action="store_true",
        help="rehearse without hardware: emulated servo buses, SpaceMice and RealSense cameras",
    )


def run(args: argparse.Namespace) -> int:
    """Run the graph until Ctrl-C."""
    loaded = load_rig(args.rig)
    if args.emulate:
        loaded = emulated_rig(loaded, runtime_dir())
    root = usable_root(args.root or loaded.rig.recording.root)
    stop = StopSignal().install()
    options = SessionOptions(root=root, echo=lambda line: print(line, flush=True))
    with RigSession(loaded, options) as session:
        print(f"rig {loaded.rig.name} on ROS domain {session.domain}; episodes in {root}")
        rig, task = loaded.path if args.emulate else args.rig, next(iter(loaded.rig.tasks), "TASK")
        record = own_command("record", "--rig", rig, "--task", task)
        print(f"Ctrl-C stops it. Record from another terminal: {record}", flush=True)
        while not stop.wait(POLL_S):
            session.check_alive()
    return 0
