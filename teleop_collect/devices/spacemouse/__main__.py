"""Run the emulated SpaceMouse of one arm: `python -m teleop_collect.devices.spacemouse`.

It is plugged in and rests. With `--push AXIS` it swings along one axis, to see an arm move.
"""

import argparse
import math
import sys
import time
from collections.abc import Sequence

from teleop_collect.devices.spacemouse.emulator import EmulatedMouse
from teleop_collect.devices.spacemouse.reports import Counts
from teleop_collect.errors import ConfigError, TeleopCollectError
from teleop_collect.process import StopSignal, die_with_parent
from teleop_collect.rig.config import SpaceMouseLeader
from teleop_collect.rig.runtime import SIM_SCHEME, device_path

AXES = ("x", "y", "z", "rx", "ry", "rz")
REPORT_S = 0.008
SWING_S = 4.0
SWING_COUNTS = 200


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="spacemouse_emulator",
        description="Emulate the SpaceMouse of an arm whose leader has path sim://NAME.",
        epilog="Example: python -m teleop_collect.devices.spacemouse --rig my_rig.yaml --arm main",
    )
    parser.add_argument("--rig", required=True, help="name or path of the rig file")
    parser.add_argument("--arm", required=True, help="arm whose leader is emulated")
    parser.add_argument("--push", choices=AXES, help="swing along this axis of the device")
    # A launch file adds ROS arguments to every process; they mean nothing here.
    own = list(argv[: argv.index("--ros-args")]) if "--ros-args" in argv else list(argv)
    return parser.parse_args(own)


def _leader(rig: str, arm: str) -> SpaceMouseLeader:
    from teleop_collect.rig.load import load_rig

    arms = load_rig(rig).rig.arms
    leader = arms[arm].leader if arm in arms else None
    if not isinstance(leader, SpaceMouseLeader) or not leader.path.startswith(SIM_SCHEME):
        raise ConfigError(
            f"arm {arm!r} of this rig has no SpaceMouse on {SIM_SCHEME}; arms: {', '.join(arms)}"
        )
    return leader


def swing(t_s: float, axis: str) -> Counts:
    """Deflection of one axis at a time, as the device counts it."""
    counts = round(SWING_COUNTS * math.sin(2 * math.pi * t_s / SWING_S))
    x, y, z, rx, ry, rz = (counts if name == axis else 0 for name in AXES)
    return (x, y, z, rx, ry, rz)


def _serve(arguments: argparse.Namespace, stop: StopSignal) -> None:
    leader = _leader(arguments.rig, arguments.arm)
    path = device_path(leader.path)
    with EmulatedMouse(path) as mouse:
        print(f"emulated SpaceMouse of arm {arguments.arm}: {path}", flush=True)
        start_s = time.monotonic()
        while not stop.wait(REPORT_S if arguments.push else None):
            mouse.deflect(swing(time.monotonic() - start_s, arguments.push))


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point.

    Returns:
        The exit code (see `teleop_collect.errors`).
    """
    stop = StopSignal().install()
    die_with_parent()
    try:
        _serve(_arguments(sys.argv[1:] if argv is None else argv), stop)
    except TeleopCollectError as error:
        print(f"spacemouse_emulator: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
