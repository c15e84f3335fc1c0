"""What every source of wrenches must give. Subclass it, give a stand, and run pytest."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest

from teleop_collect import topics
from teleop_collect.clock import NS_PER_S, SystemClock
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.machine import Machine
from teleop_collect.rig.checks.observation import Observer
from teleop_collect.rig.checks.result import CheckResult
from teleop_collect.rig.checks.wrench_alive import WrenchAlive
from teleop_collect.rig.config import Wrench
from teleop_collect.rig.load import LoadedRig
from teleop_collect.samples import WrenchSample

SAMPLES = 200
MAX_AGE_NS = 2 * NS_PER_S
PUSH_N = 10.0
TOLERANCE_N = 1.5
REST_N = 2.0


class WrenchStand(Protocol):
    """A wrench sensor at rest that touches nothing, and hands that push the tool.

    Attributes:
        loaded: the rig, whose arm `main` has the sensor.
    """

    loaded: LoadedRig

    def take(self, count: int) -> Sequence[WrenchSample]:
        """The next samples."""
        ...

    def push(self, force_n: tuple[float, float, float]) -> None:
        """Push the tool with a force given in the sensor's frame, until told otherwise."""
        ...


def section(stand: WrenchStand) -> Wrench:
    wrench = stand.loaded.rig.arms["main"].wrench
    assert wrench is not None
    return wrench


def mean_n(samples: Sequence[WrenchSample]) -> np.ndarray:
    return np.mean([sample.force_n for sample in samples], axis=0)


class WrenchContract:
    """Tests of a wrench source. A subclass has a fixture `stand` that gives a `WrenchStand`."""

    def test_samples_are_three_forces_and_three_torques_in_the_rigs_frame(self, stand):
        for sample in stand.take(5):
            assert sample.frame_id == section(stand).frame_id
            assert len(sample.force_n) == len(sample.torque_nm) == 3
            assert all(map(math.isfinite, (*sample.force_n, *sample.torque_nm)))

    def test_stamps_are_utc_recent_and_ascend(self, stand):
        stamps = [sample.stamp_ns for sample in stand.take(SAMPLES)]
        now_ns = SystemClock().utc_ns()
        assert stamps == sorted(set(stamps))
        assert now_ns - MAX_AGE_NS < stamps[0]
        assert stamps[-1] <= now_ns

    def test_at_rest_it_shows_little_force(self, stand):
        assert np.linalg.norm(mean_n(stand.take(SAMPLES))) < REST_N

    @pytest.mark.parametrize("axis", [0, 1, 2])
    def test_a_push_is_the_force_that_acts_on_the_tool(self, stand, axis):
        before = mean_n(stand.take(SAMPLES))
        force = tuple(PUSH_N if index == axis else 0.0 for index in range(3))
        stand.push(force)
        stand.take(SAMPLES)
        change = mean_n(stand.take(SAMPLES)) - before
        assert change == pytest.approx(np.array(force), abs=TOLERANCE_N)

    def test_the_rig_check_takes_it_for_alive_and_a_repeated_value_for_frozen(self, stand):
        samples = stand.take(SAMPLES)
        assert verdict(stand, samples).passed
        frozen = verdict(stand, [samples[0]] * SAMPLES)
        assert not frozen.passed
        assert "frozen" in frozen.message


def verdict(stand: WrenchStand, samples: Sequence[WrenchSample]) -> CheckResult:
    """What the rig check says of samples."""
    observer = Observer(topics.FOLLOWER_WRENCH)
    for sample in samples:
        observer.receive(sample.stamp_ns, sample.stamp_ns, sample)
    seen = observer.observation((topics.WRENCH_STAMPED,), 1, topics.FAST_QOS)
    observations = {topics.FOLLOWER_WRENCH: seen}
    machine = Machine(shm_free_bytes=1 << 30)
    return WrenchAlive().run(CheckContext.of(stand.loaded, observations, Path(), machine))
