"""Open an episode in Rerun: cameras, depth, joints, wrench, events and robot, laid out.

Without a display, --save writes a file that the viewer opens anywhere (`rerun FILE`).

example: teleop-collect view latest --root ~/demos
example: teleop-collect view latest --root ~/demos --save episode.rrd
"""

import argparse
import sys
from pathlib import Path

from teleop_collect.episodes.reader import open_episode
from teleop_collect.episodes.root import DEFAULT_ROOT, find_episode
from teleop_collect.errors import EXIT_GOOD
from teleop_collect.view.run import ViewOptions, view_episode


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    parser.add_argument("episode", metavar="EPISODE", help="path, id, beginning of it, or latest")
    parser.add_argument("--root", default=DEFAULT_ROOT, help=f"default: {DEFAULT_ROOT}")
    parser.add_argument("--save", type=Path, metavar="OUT.rrd", help="write a file, open nothing")
    parser.add_argument(
        "--image-hz",
        type=float,
        default=ViewOptions.image_hz,
        help=f"images a second of each camera (default: {ViewOptions.image_hz:g})",
    )


def run(args: argparse.Namespace) -> int:
    """View or save one episode."""
    options = ViewOptions(args.save, args.image_hz)
    with open_episode(find_episode(args.episode, args.root)) as episode:
        for problem in view_episode(episode, options):
            print(f"not drawn: {problem}", file=sys.stderr)
    if args.save is not None:
        print(f"{args.save}: {args.save.stat().st_size / 1e6:.1f} MB; open it with: rerun FILE")
    return EXIT_GOOD
