"""`calibrate leader` and `calibrate follower`: zeros and directions from two known postures."""

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

from teleop_collect import topics
from teleop_collect.cli.calibration_run import Finding, Guide, keep, live_rig
from teleop_collect.cli.enter_key import pressed_enter
from teleop_collect.cli.session import connect_client
from teleop_collect.clock import SystemClock
from teleop_collect.errors import CheckFailed, ConfigError
from teleop_collect.rig.calibration.apply import applied_zeros, calibrated
from teleop_collect.rig.calibration.devices import chosen_arm, device_name
from teleop_collect.rig.calibration.joint_zeros import Posture, calibrate_zeros, servo_angle
from teleop_collect.rig.calibration.reference_postures import reference_postures
from teleop_collect.rig.calibration.samples import StillSample
from teleop_collect.rig.calibration.store import load_calibrations
from teleop_collect.rig.config import DynamixelFollower, DynamixelLeader, SimFollower
from teleop_collect.rig.description import descriptions_of
from teleop_collect.rig.load import LoadedRig, load_rig
from teleop_collect.rig.runtime import SIM_SCHEME, control_socket, device_path
from teleop_collect.rig.servo_config import Servo

Side = Literal["leader", "follower"]
Placer = Callable[[Mapping[str, float], Guide], None]
Reader = Callable[[], StillSample]


def run(args: argparse.Namespace) -> int:
    """Calibrate one arm."""
    loaded = load_rig(args.rig)
    side: Side = "leader" if args.part == "leader" else "follower"
    name, _ = chosen_arm(loaded.rig, args.arm)
    servos = _servos(loaded, name, side)
    postures = _postures(loaded, name, side, servos, args)
    if not args.auto and not sys.stdin.isatty():
        raise CheckFailed(
            f"calibrate {side} asks a person to hold the arm and press Enter, and there is no "
            "terminal; on the simulated rig use --auto"
        )
    guide = Guide(args.timeout)
    with _reader(loaded, name, side, args, guide) as read:
        place = _placer(loaded, name, side) if args.auto else _ask
        first, second = (_held(read, servos, p, place, guide) for p in postures)
    fit = calibrate_zeros(side, servos, first, second)
    device = device_name(loaded.rig, name, side)
    worst = max(abs(off) for off in fit.verified_rad.values())
    residuals = {f"{j}_second_posture_rad": off for j, off in fit.verified_rad.items()}
    changes = {
        f"{joint}_changed_rad": change
        for joint, change in fit.changed_rad.items()
        if change is not None
    }
    finding = Finding(
        device, (device,), fit.values, "two known postures; the second verifies the first", 2,
        {"second_posture_max_rad": worst, **residuals, **changes},
        {"zero_rad": max(fit.noise_rad, worst / 2)},
    )  # fmt: skip
    return keep(loaded, finding, args)


def _servos(loaded: LoadedRig, name: str, side: Side) -> Mapping[str, Servo]:
    """Servos as the driver uses them when it starts now.

    Raises:
        ConfigError: the arm's driver has no zeros of ours.
    """
    found = load_calibrations(loaded)
    arm = calibrated(loaded.rig, found).arms[name]
    device = arm.leader if side == "leader" else arm.follower
    if isinstance(device, DynamixelLeader | DynamixelFollower):
        return device.servos
    if isinstance(device, SimFollower):
        zeros = applied_zeros(loaded.rig, name, "follower", found)
        known = {} if zeros is None else {j: z.zero_rad for j, z in zeros.joints.items()}
        joints = descriptions_of(loaded.rig, loaded.path)[name].joints
        return {
            joint: Servo(id=0, model="simulated", zero_rad=known.get(joint, 0.0))
            for joint in arm.joints
            if joints[joint].type != "prismatic"
        }
    raise ConfigError(
        f"the {side} of arm {name} has driver {device.driver}, which keeps its own zeros; "
        "calibrate it with that driver's tools"
    )


def _postures(
    loaded: LoadedRig, name: str, side: Side, servos: Mapping[str, Servo], args: argparse.Namespace
) -> tuple[Mapping[str, float], Mapping[str, float]]:
    arm = loaded.rig.arms[name]
    description = descriptions_of(loaded.rig, loaded.path)[name]
    first, second = reference_postures(arm, description, side, tuple(servos))
    return _given(args.first, first), _given(args.second, second)


def _given(text: str | None, default: Mapping[str, float]) -> Mapping[str, float]:
    if text is None:
        return default
    try:
        values = {str(joint): float(value) for joint, value in json.loads(text).items()}
    except (ValueError, TypeError, AttributeError):
        raise ConfigError(f'a posture is JSON such as {{"elbow": 0.5}}, not {text!r}') from None
    if unknown := sorted(set(values) - set(default)):
        raise ConfigError(f"posture: no joint {unknown[0]!r}; this arm has {', '.join(default)}")
    if not all(map(math.isfinite, values.values())):
        raise ConfigError("posture: positions must be finite")
    return {**default, **values}


@contextmanager
def _reader(
    loaded: LoadedRig, name: str, side: Side, args: argparse.Namespace, guide: Guide
) -> Iterator[Reader]:
    """Reads the arm: a Dynamixel follower from its bus with torque off, any other by topic."""
    follower = loaded.rig.arms[name].follower
    if side == "follower" and isinstance(follower, DynamixelFollower):
        if args.auto:
            raise ConfigError(f"--auto: the follower of arm {name} is held by hand")
        from teleop_collect.devices.dynamixel.held_arm import HeldArm

        servos = calibrated(loaded.rig, load_calibrations(loaded)).arms[name].follower
        assert isinstance(servos, DynamixelFollower)
        port = str(device_path(follower.port))
        with HeldArm(servos, port, SystemClock(), guide.say) as held:
            yield held.still
        return
    with live_rig(loaded, auto=args.auto, alone=True) as rig:
        rig.wait_heard(name, side)
        yield lambda: rig.still(name, side)


def _held(
    read: Reader, servos: Mapping[str, Servo], posture: Mapping[str, float], place: Placer,
    guide: Guide,
) -> Posture:  # fmt: skip
    place(posture, guide)
    if guide.left_s <= 0:
        raise guide.went_away("both postures are needed")
    sample = read()
    guide.say(f"read {len(servos)} joints")
    here = {j: servo for j, servo in servos.items() if j in sample.joints}
    angles = {joint: servo_angle(servo, sample.joints[joint]) for joint, servo in here.items()}
    noise = {joint: sample.noise_rad[joint] / abs(servo.scale) for joint, servo in here.items()}
    return Posture(posture, angles, noise)


def _ask(posture: Mapping[str, float], guide: Guide) -> None:
    told = ", ".join(f"{joint} {value:.3f}" for joint, value in posture.items())
    print(f"Hold the arm in this posture (rad, m for prismatic joints): {told}", file=sys.stderr)
    if pressed_enter("Press Enter when it stands still; Ctrl-C gives up.", guide.left_s):
        return
    if guide.left_s <= 0:
        raise guide.went_away("nobody pressed Enter")
    raise CheckFailed("nobody pressed Enter. Nothing was written; the previous calibration stays")


def _placer(loaded: LoadedRig, name: str, side: Side) -> Placer:
    """Puts a simulated arm into a posture, as a person does with a gauge."""
    arm = loaded.rig.arms[name]
    if side == "follower" and isinstance(arm.follower, SimFollower):

        def put(posture: Mapping[str, float], _: Guide) -> None:
            with connect_client() as client:
                place = json.dumps({name: dict(posture)})
                client.set_parameters("sim_rig", {"place": place})
                client.trigger(topics.SIM_PLACE)

        return put
    if side == "leader" and isinstance(arm.leader, DynamixelLeader):
        from teleop_collect.devices.bus_emulator.client import EmulatorClient

        if arm.leader.port.startswith(SIM_SCHEME):
            port = arm.leader.port

            def move(posture: Mapping[str, float], _: Guide) -> None:
                hand = EmulatorClient(control_socket(port))
                hand.set_pose(posture)
                hand.close()

            return move
    raise ConfigError(f"--auto: the {side} of arm {name} is not simulated; hold it by hand")
