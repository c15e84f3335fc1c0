"""Run the emulated SpaceMouse of one arm: `python -m teleop_collect.devices.spacemouse`."""

import argparse
import sys
from collections.abc import Sequence

from teleop_collect.clock import NS_PER_S, PacedLoop, SystemClock
from teleop_collect.devices.spacemouse.emulator import EmulatedMouse
from teleop_collect.devices.spacemouse.rehearsal import REPORT_HZ, RehearsalHand
from teleop_collect.devices.spacemouse.reports import MODELS, SPACE_NAVIGATOR
from teleop_collect.errors import ConfigError, TeleopCollectError
from teleop_collect.process import StopSignal, die_with_parent
from teleop_collect.rig.config import SpaceMouseLeader
from teleop_collect.rig.runtime import SIM_SCHEME, device_path


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="spacemouse_emulator",
        description="Emulate the SpaceMouse of an arm whose leader's path is sim://NAME.",
        epilog="Example: python -m teleop_collect.devices.spacemouse --rig my_rig --arm main",
    )
    parser.add_argument("--rig", required=True, help="name or path of the rig file")
    parser.add_argument("--arm", required=True, help="arm whose SpaceMouse is emulated")
    parser.add_argument(
        "--still", action="store_true", help="lie at rest instead of drawing figures of eight"
    )
    # A launch file adds ROS arguments to every process; they mean nothing here.
    own = list(argv[: argv.index("--ros-args")]) if "--ros-args" in argv else list(argv)
    return parser.parse_args(own)


def _leader(arguments: argparse.Namespace) -> SpaceMouseLeader:
    from teleop_collect.rig.load import load_rig

    arms = load_rig(arguments.rig).rig.arms
    if arguments.arm not in arms:
        raise ConfigError(f"no arm {arguments.arm!r} in this rig; it has {', '.join(arms)}")
    leader = arms[arguments.arm].leader
    if not isinstance(leader, SpaceMouseLeader) or not leader.path.startswith(SIM_SCHEME):
        raise ConfigError(
            f"leader of arm {arguments.arm} is no SpaceMouse with a path of the form sim://NAME"
        )
    return leader


def _run(arguments: argparse.Namespace) -> None:
    leader = _leader(arguments)
    stop = StopSignal().install()
    die_with_parent()
    path = device_path(leader.path)
    model = MODELS.get(leader.model, SPACE_NAVIGATOR)
    clock = SystemClock()
    with EmulatedMouse(path, model, leader.serial) as mouse:
        print(f"emulated {model.name} of arm {arguments.arm}: {path}", flush=True)
        if arguments.still:
            stop.wait()
            return
        hand, loop, start_ns = RehearsalHand(mouse), PacedLoop(REPORT_HZ, clock), None
        while not stop.is_set:
            now_ns = loop.wait()
            start_ns = now_ns if start_ns is None else start_ns
            hand.move((now_ns - start_ns) / NS_PER_S)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point.

    Returns:
        The exit code (see `teleop_collect.errors`).
    """
    try:
        _run(_arguments(sys.argv[1:] if argv is None else argv))
    except TeleopCollectError as error:
        print(f"spacemouse_emulator: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
