"""What every follower arm must do. Subclass it, give a stand, and run pytest."""

import math
import time
from collections.abc import Callable, Mapping
from typing import Protocol

import pytest
from support.contracts.waiting import (
    connect_within,
    is_for_a_person,
    loss_within,
    read_within,
    timeout_within,
)

from teleop_collect.clock import SystemClock
from teleop_collect.devices.protocols import FollowerArm
from teleop_collect.errors import ConfigError, DeviceDisconnected, DeviceError
from teleop_collect.samples import JointSample

READS = 20
PERIOD_S = 0.01
ARRIVE_S = 20.0
AT_REST_S = 1.0
"""Longer than any arm takes to brake or its watchdog to act."""


class FollowerStand(Protocol):
    """A follower arm, simulated, emulated or real, and hands that pull its cable.

    Attributes:
        joints: joint names in the order of the rig file.
        tolerance: by joint, how near to its goal it comes, rad or m.
        goal: a posture that it can reach, at least ten tolerances from where it starts.
    """

    joints: tuple[str, ...]
    tolerance: Mapping[str, float]
    goal: Mapping[str, float]

    def driver(self) -> FollowerArm:
        """A new driver of this arm, not connected."""
        ...

    def unplug(self) -> None:
        """Pull the cable of communication; the arm keeps its power."""
        ...

    def plug(self) -> None:
        """Put it back."""
        ...

    def mute(self) -> None:
        """The device stays plugged in and answers nothing."""
        ...

    def unmute(self) -> None:
        """It answers again."""
        ...


class FollowerArmContract:
    """Tests of `teleop_collect.devices.protocols.FollowerArm`.

    A subclass has a fixture `stand` that gives a `FollowerStand`, plugged in and at rest.
    """

    @pytest.fixture
    def follower(self, stand):
        follower = stand.driver()
        connect_within(follower)
        yield follower
        follower.close()

    def test_a_sample_has_every_joint_of_the_rig_in_order(self, stand, follower):
        sample = read_within(follower.read)
        assert sample.names == stand.joints
        assert len(sample.position) == len(stand.joints)
        assert len(sample.velocity) in (0, len(stand.joints))
        assert len(sample.effort) in (0, len(stand.joints))
        assert all(map(math.isfinite, (*sample.position, *sample.velocity, *sample.effort)))

    def test_stamps_are_utc_and_ascend(self, follower):
        clock = SystemClock()
        before_ns = clock.utc_ns()
        stamps = [read_within(follower.read).stamp_ns for _ in range(READS)]
        assert stamps == sorted(set(stamps))
        assert before_ns <= stamps[0]
        assert stamps[-1] <= clock.utc_ns()

    def test_connecting_does_not_move_the_arm(self, stand, follower):
        before = read_within(follower.read).by_name()
        follower.close()
        connect_within(follower)
        for _ in range(READS):
            assert_near(read_within(follower.read), before, stand)

    def test_it_goes_where_it_is_told_and_joints_not_named_stay(self, stand, follower):
        start = read_within(follower.read).by_name()
        first = stand.joints[0]
        drive_to(follower, {first: stand.goal[first]}, stand)
        others = {joint: start[joint] for joint in stand.joints[1:]}
        assert_near(read_within(follower.read), others, stand)
        drive_to(follower, stand.goal, stand)

    def test_a_wrong_command_is_refused_as_a_whole(self, stand, follower):
        before = read_within(follower.read).by_name()
        first, second = stand.joints[:2]
        for wrong in ({second: math.nan}, {second: math.inf}, {"no_such_joint": 0.0}):
            with pytest.raises(ConfigError) as raised:
                follower.command({first: stand.goal[first], **wrong})
            assert is_for_a_person(str(raised.value))
        follow_for(AT_REST_S / 2, follower.read)
        assert_near(read_within(follower.read), before, stand)

    def test_an_exchange_reads_and_commands_and_refuses_what_a_command_refuses(
        self, stand, follower
    ):
        before = read_within(follower.read).by_name()
        assert_near(read_within(lambda: follower.exchange(lambda: None)), before, stand)
        with pytest.raises(ConfigError) as raised:
            follower.exchange(lambda: {stand.joints[0]: math.nan})
        assert is_for_a_person(str(raised.value))
        assert_near(read_within(follower.read), before, stand)
        wait_until_near(lambda: follower.exchange(lambda: stand.goal), stand.goal, stand)

    def test_holding_stops_it_on_the_way(self, stand, follower):
        start = read_within(follower.read).by_name()
        first = stand.joints[0]
        drive_until(follower, stand.goal, lambda now: has_left(now, start, first, stand))
        follower.hold()
        follow_for(AT_REST_S, lambda: (follower.hold(), follower.read()))
        rest = read_within(follower.read).by_name()
        assert abs(rest[first] - stand.goal[first]) > 2 * stand.tolerance[first]
        follow_for(AT_REST_S / 4, lambda: (follower.hold(), follower.read()))
        assert_near(read_within(follower.read), rest, stand)

    def test_silence_brings_it_to_rest_and_commands_move_it_again(self, stand, follower):
        start = read_within(follower.read).by_name()
        first = stand.joints[0]
        drive_until(follower, stand.goal, lambda now: has_left(now, start, first, stand))
        time.sleep(AT_REST_S)
        rest = read_within(follower.read).by_name()
        for _ in range(READS):
            assert_near(read_within(follower.read), rest, stand)
        drive_to(follower, stand.goal, stand)

    def test_a_mute_device_times_out_and_then_goes_on(self, stand, follower):
        read_within(follower.read)
        stand.mute()
        assert is_for_a_person(str(timeout_within(follower.read)))
        stand.unmute()
        drive_to(follower, stand.goal, stand)

    def test_an_unplugged_arm_holds_and_can_be_connected_again_without_a_jump(
        self, stand, follower
    ):
        drive_to(follower, stand.goal, stand)
        stand.unplug()
        assert is_for_a_person(str(loss_within(follower.read)))
        with pytest.raises(DeviceDisconnected):
            follower.command(stand.goal)
        follower.close()
        stand.plug()
        connect_within(follower)
        for _ in range(READS):
            assert_near(read_within(follower.read), stand.goal, stand)

    def test_before_connecting_and_after_closing_it_says_so(self, stand):
        follower = stand.driver()
        with pytest.raises(DeviceError, match="connect"):
            follower.read()
        connect_within(follower)
        read_within(follower.read)
        follower.close()
        follower.close()
        with pytest.raises(DeviceError, match="connect"):
            follower.read()
        with pytest.raises(DeviceError, match="connect"):
            follower.command(stand.goal)

    def test_closing_leaves_the_arm_where_it_is_for_the_next_driver(self, stand, follower):
        drive_to(follower, stand.goal, stand)
        follower.close()
        other = stand.driver()
        connect_within(other)
        assert_near(read_within(other.read), stand.goal, stand)
        other.close()


def wait_until_near(
    exchange: Callable[[], JointSample], goal: Mapping[str, float], stand: FollowerStand
) -> None:
    """Exchange at 100 Hz until the arm is there."""
    end = time.monotonic() + ARRIVE_S
    while True:
        found = read_within(exchange).by_name()
        if all(abs(found[joint] - q) <= stand.tolerance[joint] for joint, q in goal.items()):
            return
        assert time.monotonic() < end, f"never came there: {found}"
        time.sleep(PERIOD_S)


def assert_near(sample: JointSample, expected: Mapping[str, float], stand: FollowerStand) -> None:
    found = sample.by_name()
    far = {
        joint: (found[joint], position)
        for joint, position in expected.items()
        if abs(found[joint] - position) > stand.tolerance[joint]
    }
    assert far == {}, f"(is, should be): {far}"


def has_left(
    sample: JointSample, start: Mapping[str, float], joint: str, stand: FollowerStand
) -> bool:
    return abs(sample.by_name()[joint] - start[joint]) > stand.tolerance[joint]


def follow_for(duration_s: float, action: Callable[[], object]) -> None:
    """Repeat an action at 100 Hz, as a node does."""
    end = time.monotonic() + duration_s
    while time.monotonic() < end:
        action()
        time.sleep(PERIOD_S)


def drive_until(
    follower: FollowerArm, goal: Mapping[str, float], until: Callable[[JointSample], bool]
) -> None:
    """Command and read at 100 Hz until a sample fulfils a condition."""
    end = time.monotonic() + ARRIVE_S
    while True:
        follower.command(goal)
        sample = read_within(follower.read)
        if until(sample):
            return
        assert time.monotonic() < end, f"never came there: {sample.by_name()}"
        time.sleep(PERIOD_S)


def drive_to(follower: FollowerArm, goal: Mapping[str, float], stand: FollowerStand) -> None:
    """Command a posture until the arm is in it."""

    def is_there(sample: JointSample) -> bool:
        found = sample.by_name()
        return all(abs(found[j] - position) <= stand.tolerance[j] for j, position in goal.items())

    drive_until(follower, goal, is_there)
