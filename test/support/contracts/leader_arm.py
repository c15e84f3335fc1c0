"""What every driver of a leader arm must do. Subclass it, give a stand, and run pytest."""

import math
import threading
from collections.abc import Mapping
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
from teleop_collect.devices.protocols import LeaderArm
from teleop_collect.errors import DeviceDisconnected, DeviceError

READS = 20


class LeaderStand(Protocol):
    """A leader arm, emulated or real, with hands that move it and pull its cable.

    Attributes:
        joints: joint names in the order of the rig file.
        resolution: by how much a reading may differ from where the joint is, rad or m.
    """

    joints: tuple[str, ...]
    resolution: float

    def driver(self) -> LeaderArm:
        """A new driver of this arm, not connected."""
        ...

    def move(self, positions: Mapping[str, float]) -> None:
        """Put joints where told; joints not named stay."""
        ...

    def unplug(self) -> None:
        """Pull the cable."""
        ...

    def plug(self) -> None:
        """Put it back."""
        ...

    def mute(self) -> None:
        """The device stays plugged in and says nothing."""
        ...

    def unmute(self) -> None:
        """It speaks again."""
        ...


class LeaderArmContract:
    """Tests of `teleop_collect.devices.protocols.LeaderArm`.

    A subclass has a fixture `stand` that gives a `LeaderStand`, plugged in, all joints at 0.
    """

    @pytest.fixture
    def leader(self, stand):
        leader = stand.driver()
        connect_within(leader)
        yield leader
        leader.close()

    def test_a_sample_has_every_joint_of_the_rig_in_order(self, stand, leader):
        sample = read_within(leader.read)
        assert sample.names == stand.joints
        assert len(sample.position) == len(stand.joints)
        assert len(sample.velocity) in (0, len(stand.joints))
        assert len(sample.effort) in (0, len(stand.joints))
        assert all(map(math.isfinite, (*sample.position, *sample.velocity, *sample.effort)))
        assert all(type(value) is float for value in (*sample.position, *sample.velocity))

    def test_the_stamp_is_utc_between_asking_and_having(self, leader):
        clock = SystemClock()
        read_within(leader.read)
        before_ns = clock.utc_ns()
        sample = leader.read()
        assert type(sample.stamp_ns) is int
        assert before_ns <= sample.stamp_ns <= clock.utc_ns()

    def test_stamps_ascend(self, leader):
        stamps = [read_within(leader.read).stamp_ns for _ in range(READS)]
        assert stamps == sorted(set(stamps))

    def test_joints_are_reported_where_they_are_by_name(self, stand, leader):
        read_within(leader.read)
        pose = {joint: 0.1 * (index + 1) for index, joint in enumerate(stand.joints)}
        stand.move(pose)
        assert read_within(leader.read).by_name() == pytest.approx(pose, abs=stand.resolution)
        last = stand.joints[-1]
        stand.move({last: -0.2})
        assert read_within(leader.read).by_name() == pytest.approx(
            pose | {last: -0.2}, abs=stand.resolution
        )

    def test_a_silent_device_times_out_and_nothing_stale_follows(self, stand, leader):
        read_within(leader.read)
        stand.mute()
        assert is_for_a_person(str(timeout_within(leader.read)))
        stand.move({stand.joints[0]: 0.3})
        stand.unmute()
        sample = read_within(leader.read)
        assert sample.by_name()[stand.joints[0]] == pytest.approx(0.3, abs=stand.resolution)

    def test_an_unplugged_arm_is_a_disconnection_and_can_be_connected_again(self, stand, leader):
        read_within(leader.read)
        stand.unplug()
        assert is_for_a_person(str(loss_within(leader.read)))
        with pytest.raises(DeviceDisconnected) as raised:
            leader.connect()
        assert is_for_a_person(str(raised.value))
        stand.move({stand.joints[0]: 0.25})
        lost_ns = SystemClock().utc_ns()
        stand.plug()
        connect_within(leader)
        sample = read_within(leader.read)
        assert sample.stamp_ns > lost_ns
        assert sample.by_name()[stand.joints[0]] == pytest.approx(0.25, abs=stand.resolution)

    def test_reading_before_connecting_says_so(self, stand):
        leader = stand.driver()
        with pytest.raises(DeviceError, match="connect"):
            leader.read()
        leader.close()

    def test_closing_twice_is_safe_and_ends_reading(self, stand, leader):
        leader.close()
        leader.close()
        with pytest.raises(DeviceError, match="connect"):
            leader.read()
        connect_within(leader)
        assert read_within(leader.read).names == stand.joints

    def test_closing_gives_the_device_to_the_next_driver(self, stand, leader):
        leader.close()
        other = stand.driver()
        connect_within(other)
        assert read_within(other.read).names == stand.joints
        other.close()

    def test_closing_from_another_thread_ends_a_reader(self, leader):
        ended = threading.Event()
        failures: list[BaseException] = []

        def read_until_closed() -> None:
            try:
                while True:
                    read_within(leader.read)
            except DeviceError:
                ended.set()
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=read_until_closed, daemon=True)
        thread.start()
        leader.close()
        assert ended.wait(5.0), failures
        thread.join(5.0)
