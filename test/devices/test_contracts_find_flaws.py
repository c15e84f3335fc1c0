"""Each contract fails a driver with a flaw that matters, and passes the same driver without it."""

import math
import time

import numpy as np
import pytest
from support.contracts import follower_arm, waiting
from support.contracts.camera import CameraContract
from support.contracts.follower_arm import FollowerArmContract
from support.contracts.leader_arm import LeaderArmContract
from support.contracts.twist_source import STILL, TwistSourceContract
from support.contracts.wrench import WrenchContract

from teleop_collect.clock import FakeClock, SystemClock
from teleop_collect.errors import ConfigError, DeviceDisconnected, DeviceTimeout
from teleop_collect.rig.load import load_rig
from teleop_collect.samples import Intrinsics, JointSample, RgbdSample, TwistSample, WrenchSample

JOINTS = ("shoulder", "elbow")
STEP_RAD = 0.05


class Device:
    """Plugged or not, speaking or not, with joints somewhere."""

    def __init__(self):
        self.plugged = self.speaks = True
        self.pose = dict.fromkeys(JOINTS, 0.0)


class Arm:
    """A leader and follower that keeps to both contracts, unless it has a flaw."""

    def __init__(self, device, flaw):
        self._device, self._flaw = device, flaw
        self._open = False
        self._goal = {}
        self._last = None

    def connect(self):
        if not self._device.plugged:
            raise DeviceDisconnected("the arm is not there; plug it in")
        if self._flaw == "jumps when connected":
            self._device.pose = {joint: q + 0.5 for joint, q in self._device.pose.items()}
        self._open, self._goal = True, dict(self._device.pose)
        self._told_s = time.monotonic()

    def read(self):
        self._check()
        if not self._device.speaks:
            if self._flaw == "repeats its last value" and self._last:
                return self._last
            raise DeviceTimeout("the arm says nothing; look at its cable")
        self._move()
        names = JOINTS[::-1] if self._flaw == "another order of joints" else JOINTS
        stamp_ns = SystemClock().utc_ns()
        if self._flaw == "stamps of another clock":
            stamp_ns = time.monotonic_ns()
        self._last = JointSample(stamp_ns, names, tuple(self._device.pose[j] for j in JOINTS))
        return self._last

    def command(self, positions):
        self._check()
        for joint, value in positions.items():
            if joint not in JOINTS or not math.isfinite(value):
                raise ConfigError(f"joint {joint}: {value} is no goal; nothing sent")
            if self._flaw == "obeys half of a wrong command":
                self._goal[joint] = value
        self._told_s = time.monotonic()
        self._goal |= positions

    def exchange(self, goals):
        sample = self.read()
        if (positions := goals()) is not None and self._flaw != "exchanges without commanding":
            self.command(positions)
        return sample

    def hold(self):
        self._check()
        self._told_s = time.monotonic()
        if self._flaw != "takes hold for a sign of life":
            self._goal = dict(self._device.pose)

    def close(self):
        if self._flaw != "closes never":
            self._open = False

    def _check(self):
        if not self._open:
            raise DeviceDisconnected("the arm is not open; connect first")
        if not self._device.plugged:
            if self._flaw == "lets the system's error out":
                raise OSError("Input/output error")
            raise DeviceDisconnected("the arm is gone; plug it in and connect again")

    def _move(self):
        silent = time.monotonic() - self._told_s > 0.1
        if silent and self._flaw != "has no watchdog":
            self._goal = dict(self._device.pose)
        for joint, goal in self._goal.items():
            step = min(STEP_RAD, max(-STEP_RAD, goal - self._device.pose[joint]))
            self._device.pose[joint] += step


class ArmStand:
    resolution = 1e-6
    joints = JOINTS

    def __init__(self, flaw):
        self.device, self.flaw = Device(), flaw
        self.tolerance = dict.fromkeys(JOINTS, 0.01)
        self.goal = {"shoulder": 1.0, "elbow": -0.5}

    def driver(self):
        return Arm(self.device, self.flaw)

    def move(self, positions):
        self.device.pose = self.device.pose | positions

    def unplug(self):
        self.device.plugged = False

    def plug(self):
        self.device.plugged = True

    def mute(self):
        self.device.speaks = False

    def unmute(self):
        self.device.speaks = True


class PassiveArm(Arm):
    """A leader: nothing moves it but hands."""

    def _move(self):
        return


class LeaderStand(ArmStand):
    def driver(self):
        return PassiveArm(self.device, self.flaw)


class CameraStand:
    width, height, depth = 8, 6, True

    def __init__(self, flaw):
        self.plugged, self.flaw = True, flaw

    def driver(self):
        return Camera(self)

    def unplug(self):
        self.plugged = False

    def plug(self):
        self.plugged = True


class Camera:
    """A camera that keeps to the contract, unless it has a flaw."""

    def __init__(self, stand):
        self._stand, self._open, self._count = stand, False, 0
        self._color = np.zeros((stand.height, stand.width, 3), np.uint8)

    def connect(self):
        if not self._stand.plugged:
            raise DeviceDisconnected("the camera is not there; plug it in")
        self._open = True

    def intrinsics(self):
        return Intrinsics(8, 6, 9.0, 9.0, 3.5, 2.5)

    def read(self):
        if not self._open:
            raise DeviceDisconnected("not open; connect first")
        if not self._stand.plugged:
            raise DeviceDisconnected("the camera is gone")
        self._count += 1
        flaw = self._stand.flaw
        self._color[:] = 0 if flaw == "shows one image for ever" else self._count
        color = self._color if flaw == "hands out its own buffer" else self._color.copy()
        depth = np.full(
            color.shape[:2], 700, np.float32 if flaw == "depth in floats" else np.uint16
        )
        stamp_ns = 1 if flaw == "does not stamp" else SystemClock().utc_ns()
        return RgbdSample(stamp_ns, color, depth)

    def close(self):
        self._open = False


class WrenchStand:
    def __init__(self, flaw):
        self.loaded, self.flaw = load_rig("sim_tabletop"), flaw
        self._force_n = np.zeros(3)
        self._noise = np.random.default_rng(0)

    def take(self, count):
        return [self._sample() for _ in range(count)]

    def push(self, force_n):
        self._force_n = np.array(force_n)

    def _sample(self):
        force = self._force_n + self._noise.normal(0, 0.05, 3)
        force *= -1 if self.flaw == "the force on the arm" else 1
        force += 5.0 if self.flaw == "is not tared" else 0.0
        frame_id = "world" if self.flaw == "another frame" else "ft_frame"
        return WrenchSample(SystemClock().utc_ns(), frame_id, tuple(force), (0.0, 0.0, 0.0))


class JoystickStand:
    frame_id = "base_link"
    translation_m_s, rotation_rad_s = 0.1, 0.5

    def __init__(self, flaw):
        self.plugged, self.flaw = True, flaw
        self.clock = FakeClock()
        self.ask(STILL, STILL)

    def driver(self):
        return Joystick(self)

    def ask(self, linear, angular):
        self.asked = tuple(linear), tuple(angular)

    def unplug(self):
        self.plugged = False
        if self.flaw != "keeps what it said when unplugged":
            self.ask(STILL, STILL)

    def plug(self):
        self.plugged = True


class Joystick:
    """A twist source that keeps to the contract, unless it has a flaw."""

    def __init__(self, stand):
        self._stand, self._open = stand, False
        self._last = None

    def connect(self):
        if not self._stand.plugged:
            raise DeviceDisconnected("the joystick is not there; plug it in")
        self._open = True

    def read(self):
        if not self._stand.plugged:
            if self._stand.flaw == "repeats its last twist when gone":
                return self._last
            self._open = False
        if not self._open:
            raise DeviceDisconnected("no joystick; connect first")
        linear, angular = self._stand.asked
        if self._stand.flaw == "says y for x":
            linear = (linear[1], linear[0], linear[2])
        self._last = self._sample(linear, angular)
        return self._last

    def rest(self):
        return self._sample(STILL, STILL)

    def close(self):
        self._open = False

    def _sample(self, linear, angular):
        def scaled(axes, full):
            length = max(1.0, math.hypot(*axes))
            if self._stand.flaw == "is faster across":
                length = 1.0
            return tuple(full * v / length for v in axes)

        return TwistSample(
            0 if self._stand.flaw == "does not stamp a twist" else self._stand.clock.utc_ns(),
            self._stand.frame_id,
            scaled(linear, self._stand.translation_m_s),
            scaled(angular, self._stand.rotation_rad_s),
        )


def run(contract, stand, test):
    """One test of a contract on a stand, as pytest would run it."""
    method = getattr(contract(), f"test_{test}")
    wanted = method.__code__.co_varnames[1 : method.__code__.co_argcount]
    values = {"stand": stand, "axis": 1, "share": 0.5}
    devices = {"leader", "follower", "camera", "source"} & set(wanted)
    if devices:
        device = stand.driver()
        device.connect()
        values |= dict.fromkeys(devices, device)
    method(**{name: values[name] for name in wanted})


SHORT_S = 1.0
"""What is never to come is not waited for as long as on a busy machine."""
CASES = [
    (LeaderArmContract, LeaderStand, "another order of joints",
     "a_sample_has_every_joint_of_the_rig_in_order"),
    (LeaderArmContract, LeaderStand, "stamps of another clock",
     "the_stamp_is_utc_between_asking_and_having"),
    (LeaderArmContract, LeaderStand, "repeats its last value",
     "a_silent_device_times_out_and_nothing_stale_follows"),
    (LeaderArmContract, LeaderStand, "lets the system's error out",
     "an_unplugged_arm_is_a_disconnection_and_can_be_connected_again"),
    (LeaderArmContract, LeaderStand, "closes never", "closing_twice_is_safe_and_ends_reading"),
    (FollowerArmContract, ArmStand, "jumps when connected", "connecting_does_not_move_the_arm"),
    (FollowerArmContract, ArmStand, "obeys half of a wrong command",
     "a_wrong_command_is_refused_as_a_whole"),
    (FollowerArmContract, ArmStand, "takes hold for a sign of life", "holding_stops_it_on_the_way"),
    (FollowerArmContract, ArmStand, "has no watchdog",
     "silence_brings_it_to_rest_and_commands_move_it_again"),
    (FollowerArmContract, ArmStand, "exchanges without commanding",
     "an_exchange_reads_and_commands_and_refuses_what_a_command_refuses"),
    (CameraContract, CameraStand, "depth in floats",
     "images_have_the_rig_files_size_and_the_documented_types"),
    (CameraContract, CameraStand, "does not stamp", "stamps_are_utc_recent_and_ascend"),
    (CameraContract, CameraStand, "hands out its own buffer",
     "an_image_stays_what_it_was_when_the_next_is_read"),
    (CameraContract, CameraStand, "shows one image for ever",
     "an_image_stays_what_it_was_when_the_next_is_read"),
    (WrenchContract, WrenchStand, "the force on the arm",
     "a_push_is_the_force_that_acts_on_the_tool"),
    (WrenchContract, WrenchStand, "is not tared", "at_rest_it_shows_little_force"),
    (WrenchContract, WrenchStand, "another frame",
     "samples_are_three_forces_and_three_torques_in_the_rigs_frame"),
    (TwistSourceContract, JoystickStand, "says y for x",
     "each_axis_asks_for_its_share_of_full_speed_in_ros_axes"),
    (TwistSourceContract, JoystickStand, "is faster across",
     "asking_for_everything_at_once_is_no_faster"),
    (TwistSourceContract, JoystickStand, "does not stamp a twist",
     "at_rest_each_read_is_zero_with_a_stamp_of_its_own"),
    (TwistSourceContract, JoystickStand, "repeats its last twist when gone",
     "a_loss_is_said_at_the_next_read_and_rest_is_zero"),
    (TwistSourceContract, JoystickStand, "keeps what it said when unplugged",
     "it_comes_back_within_a_second_and_from_zero"),
]  # fmt: skip


@pytest.mark.parametrize(("contract", "stand", "flaw", "test"), CASES, ids=[c[2] for c in CASES])
def test_the_flaw_is_found_and_its_absence_passes(contract, stand, flaw, test, monkeypatch):
    run(contract, stand(""), test)
    monkeypatch.setattr(waiting, "DEADLINE_S", SHORT_S)
    monkeypatch.setattr(follower_arm, "ARRIVE_S", SHORT_S)
    with pytest.raises((AssertionError, OSError, pytest.fail.Exception)):
        run(contract, stand(flaw), test)
