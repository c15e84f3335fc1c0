"""Run the emulated bus of one arm: `python -m teleop_collect.devices.bus_emulator`."""

import argparse
import sys
from collections.abc import Sequence

from teleop_collect.devices.bus_emulator.build import (
    follower_bus,
    leader_bus,
    misplaced,
    rest_pose,
)
from teleop_collect.devices.bus_emulator.bus import Bus
from teleop_collect.devices.bus_emulator.hand import Hand
from teleop_collect.devices.bus_emulator.line import Line
from teleop_collect.devices.bus_emulator.server import EmulatorServer
from teleop_collect.devices.bus_emulator.servo import FIRMWARE
from teleop_collect.errors import ConfigError, TeleopCollectError
from teleop_collect.process import StopSignal, die_with_parent, prefer_control
from teleop_collect.rig.config import DynamixelFollower, DynamixelLeader
from teleop_collect.rig.runtime import control_socket, device_path


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bus_emulator",
        description="Emulate the servo bus of a leader or follower whose port is sim://NAME.",
        epilog="Example: python -m teleop_collect.devices.bus_emulator --rig sim_tabletop "
        "--arm main",
    )
    parser.add_argument("--rig", required=True, help="name or path of the rig file")
    parser.add_argument("--arm", required=True, help="arm whose leader is emulated")
    parser.add_argument("--follower", action="store_true", help="the arm's follower instead")
    parser.add_argument("--torque", action="store_true", help="a leader's torque is on at first")
    parser.add_argument("--firmware", type=int, default=FIRMWARE, help="version of all servos")
    # A launch file adds ROS arguments to every process; they mean nothing here.
    own = list(argv[: argv.index("--ros-args")]) if "--ros-args" in argv else list(argv)
    return parser.parse_args(own)


def _serve(arguments: argparse.Namespace, stop: StopSignal) -> None:
    port, bus, hand = _emulated(arguments)
    line = Line(device_path(port), bus.baud)
    server = EmulatorServer(bus, hand, line, control_socket(port))
    who = "follower" if arguments.follower else "leader"
    print(f"emulated {who} of arm {arguments.arm}: {device_path(port)}", flush=True)
    try:
        server.run(stop)
    finally:
        server.close()


def _emulated(arguments: argparse.Namespace) -> tuple[str, Bus, Hand]:
    from teleop_collect.rig.description import RobotDescription, effective_limits, resolve_urdf
    from teleop_collect.rig.load import load_rig

    loaded = load_rig(arguments.rig)
    arms = loaded.rig.arms
    if arguments.arm not in arms:
        raise ConfigError(f"no arm {arguments.arm!r} in this rig; it has {', '.join(arms)}")
    arm = arms[arguments.arm]
    firmware = arguments.firmware
    if arguments.follower:
        if not isinstance(arm.follower, DynamixelFollower):
            raise ConfigError(f"follower of arm {arguments.arm} is no Dynamixel arm")
        description = RobotDescription.from_urdf(resolve_urdf(arm.urdf, loaded.path))
        bounds = effective_limits(arm, description)
        bus = follower_bus(arm.follower, arm.home, bounds, firmware=firmware)
        return arm.follower.port, bus, Hand({})
    if not isinstance(arm.leader, DynamixelLeader):
        raise ConfigError(f"leader of arm {arguments.arm} is no Dynamixel arm")
    hand = Hand(rest_pose(arm, arm.leader))
    planted = loaded.rig.sim.planted.leader_zero_rad if loaded.rig.sim else {}
    bus = leader_bus(
        misplaced(arm.leader, planted), hand, torque=arguments.torque, firmware=firmware
    )
    return arm.leader.port, bus, hand


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point.

    Returns:
        The exit code (see `teleop_collect.errors`).
    """
    stop = StopSignal().install()
    die_with_parent()
    prefer_control()
    try:
        _serve(_arguments(sys.argv[1:] if argv is None else argv), stop)
    except TeleopCollectError as error:
        print(f"bus_emulator: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
