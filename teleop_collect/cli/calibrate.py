"""Calibrate a device of a rig. Each calibration is a new file; none is ever overwritten.

Works on the rig that runs on this ROS domain, else starts its devices. On the simulated rig --auto
moves the arm by itself. Nothing is written unless the calibration is good.

example: teleop-collect calibrate camera --rig sim_calibration --camera wrist --auto
example: teleop-collect calibrate camera --rig my_rig.yaml --camera scene --from photographs/
example: teleop-collect calibrate hand-eye --rig sim_calibration --camera scene --auto --json
example: teleop-collect calibrate leader --rig my_rig.yaml
example: teleop-collect calibrate history --rig my_rig.yaml --html drift.html
"""

import argparse
import importlib
from pathlib import Path

DEFAULT_TIMEOUT_S = 300.0

PARTS = {
    "leader": ("calibrate_joints", "homing offsets and directions of a leader arm"),
    "follower": ("calibrate_joints", "homing offsets and directions of a follower arm"),
    "camera": ("calibrate_camera", "intrinsics of a camera from a ChArUco board"),
    "hand-eye": ("calibrate_hand_eye", "where a camera sits, on the arm or beside it"),
    "wrench": ("calibrate_wrench", "bias of a force-torque sensor, weight of the tool"),
    "latency": ("calibrate_latency", "delay of a camera, and of each joint behind its command"),
    "history": ("calibrate_history", "all calibrations of a rig, and how their values drift"),
}
"""Subverb: its module in this package, and its help."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    parts = parser.add_subparsers(dest="part", metavar="WHAT", required=True)
    for name, (_, text) in PARTS.items():
        part = parts.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog=_example(name),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        part.add_argument("--rig", required=True, help="shipped rig or path of a rig file")
        part.add_argument("--json", action="store_true", help="print the result as JSON")
        if name == "history":
            part.add_argument("--html", type=Path, help="write plots of drift over time there")
        else:
            _configure_measuring(part, name)


def run(args: argparse.Namespace) -> int:
    """Calibrate, or show the history."""
    module = importlib.import_module(f"teleop_collect.cli.{PARTS[args.part][0]}")
    return int(module.run(args))


def _configure_measuring(part: argparse.ArgumentParser, name: str) -> None:
    part.add_argument("--operator", default="", help="pseudonym; the rig file's when absent")
    part.add_argument(
        "--auto", action="store_true", help="simulated rig: move the arm through poses by itself"
    )
    part.add_argument(
        "--timeout", type=float, default=DEFAULT_TIMEOUT_S, metavar="S",
        help="give up after this time (default: %(default)s s)",
    )  # fmt: skip
    if name != "camera":
        part.add_argument("--arm", help="arm of the rig; needed when there are several")
    if name in ("camera", "hand-eye", "latency"):
        part.add_argument("--camera", help="camera of the rig; needed when there are several")
        part.add_argument("--board", help="board of `calibration.boards`")
    if name in ("leader", "follower"):
        for which in ("first", "second"):
            part.add_argument(
                f"--{which}", metavar="JSON", help=f"{which} posture: joint positions by name"
            )
    else:
        what = "episode, or folder of images" if name == "camera" else "episode"
        part.add_argument("--from", dest="source", type=Path, metavar="PATH", help=what)


def _example(name: str) -> str:
    options = {
        "camera": " --camera wrist --auto",
        "hand-eye": " --camera wrist --auto --json",
        "latency": " --camera scene --auto",
        "history": " --html drift.html",
    }
    return (
        f"example: teleop-collect calibrate {name} --rig sim_calibration"
        f"{options.get(name, ' --auto')}"
    )
