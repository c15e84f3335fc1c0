"""Run the emulated leader bus of one arm: `python -m teleop_collect.devices.bus_emulator`."""

import argparse
import sys
from collections.abc import Sequence

from teleop_collect.devices.bus_emulator.bus import Bus
from teleop_collect.devices.bus_emulator.hand import Hand
from teleop_collect.devices.bus_emulator.line import Line
from teleop_collect.devices.bus_emulator.server import EmulatorServer
from teleop_collect.devices.bus_emulator.servo import EmulatedServo, Shaft, ShaftState
from teleop_collect.devices.dynamixel.models import model_by_name
from teleop_collect.devices.dynamixel.scaling import JointScaling
from teleop_collect.errors import ConfigError, TeleopCollectError
from teleop_collect.process import StopSignal, die_with_parent, prefer_control
from teleop_collect.rig.config import Arm, JointMapping, Leader
from teleop_collect.rig.runtime import control_socket, device_path


def rest_pose(arm: Arm) -> dict[str, float]:
    """Leader joints at which the mapping puts the follower at home; 0 for unmapped ones."""
    pose = dict.fromkeys(arm.leader.servos, 0.0)
    for joint in arm.joints:
        mapping = arm.mapping.get(joint, JointMapping())
        leader_joint = mapping.leader_joint or joint
        if leader_joint in pose and mapping.scale != 0:
            home = arm.home.get(joint, 0.0)
            pose[leader_joint] = (home - mapping.offset) / (mapping.sign * mapping.scale)
    return pose


def shaft_of(joint: str, hand: Hand, scaling: JointScaling) -> Shaft:
    """A servo's shaft as the hand holds it."""

    def state(at_ns: int) -> ShaftState:
        position, velocity = hand.at(joint, at_ns)
        return ShaftState(scaling.ticks(position), scaling.velocity_units(velocity))

    return state


def build_bus(leader: Leader, hand: Hand, *, torque: bool = False) -> Bus:
    """The bus that a leader's part of the rig file describes, with an answer delay of 0."""
    servos = [
        EmulatedServo(
            servo.id,
            model_by_name(servo.model),
            shaft_of(joint, hand, JointScaling.from_servo(joint, servo)),
            torque=torque,
        )
        for joint, servo in leader.servos.items()
    ]
    return Bus(servos, leader.baud)


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bus_emulator",
        description="Emulate the servo bus of a leader arm whose port is sim://NAME.",
        epilog="Example: python -m teleop_collect.devices.bus_emulator --rig sim_tabletop "
        "--arm main",
    )
    parser.add_argument("--rig", required=True, help="name or path of the rig file")
    parser.add_argument("--arm", required=True, help="arm whose leader is emulated")
    parser.add_argument("--torque", action="store_true", help="torque is on at first")
    # A launch file adds ROS arguments to every process; they mean nothing here.
    own = list(argv[: argv.index("--ros-args")]) if "--ros-args" in argv else list(argv)
    return parser.parse_args(own)


def _serve(arguments: argparse.Namespace, stop: StopSignal) -> None:
    from teleop_collect.rig.load import load_rig

    arms = load_rig(arguments.rig).rig.arms
    if arguments.arm not in arms:
        raise ConfigError(f"no arm {arguments.arm!r} in this rig; it has {', '.join(arms)}")
    arm = arms[arguments.arm]
    socket_path = control_socket(arm.leader.port)
    hand = Hand(rest_pose(arm))
    bus = build_bus(arm.leader, hand, torque=arguments.torque)
    server = EmulatorServer(bus, hand, Line(device_path(arm.leader.port)), socket_path)
    print(f"emulated leader of arm {arguments.arm}: {device_path(arm.leader.port)}", flush=True)
    try:
        server.run(stop)
    finally:
        server.close()


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
