"""A grid that is paced by cameras uses each of their images once, in spite of jitter."""

import numpy as np
import pytest

from teleop_collect.episodes.timeline import align

START_NS = 1_795_166_400_000_000_000
PERIOD_NS = 1e9 / 30
STEPS = 200


def camera(phase, seed, jitter=0.08):
    """Stamps of a 30 Hz camera; phase and jitter (to either side) are parts of a period."""
    rng = np.random.default_rng(seed)
    at = np.arange(STEPS) + phase + rng.uniform(-jitter, jitter, STEPS)
    return START_NS + np.rint(at * PERIOD_NS).astype(np.int64)


def repeats(timeline):
    return {topic: int((np.diff(index) != 1).sum()) for topic, index in timeline.index.items()}


@pytest.mark.parametrize("policy", ["nearest", "latest"])
@pytest.mark.parametrize("phase", [0.0, 0.2, 0.5, 0.7, 0.95])
def test_two_cameras_of_any_phase_give_each_image_once(policy, phase):
    stamps = {"/a": camera(0.0, 1), "/b": camera(phase, 2)}
    timeline = align(stamps, 30.0, policy, ["/a", "/b"])
    assert repeats(timeline) == {"/a": 0, "/b": 0}
    assert len(timeline) >= STEPS - 3


def test_without_pacing_a_grid_can_fall_where_images_repeat():
    stamps = {"/a": camera(0.0, 1), "/b": camera(0.5, 2)}
    assert repeats(align(stamps, 30.0, "latest"))["/b"] > 10


def test_a_single_camera_is_met_at_its_stamps():
    timeline = align({"/a": camera(0.3, 1)}, 30.0, "nearest", ["/a"])
    assert np.abs(timeline.skew_ns["/a"]).max() < 0.1 * PERIOD_NS


def test_two_cameras_share_the_skew():
    stamps = {"/a": camera(0.0, 1), "/b": camera(0.4, 2)}
    timeline = align(stamps, 30.0, "nearest", ["/a", "/b"])
    for skew in timeline.skew_ns.values():
        assert abs(abs(float(np.mean(skew))) - 0.2 * PERIOD_NS) < 0.02 * PERIOD_NS


def test_fast_streams_do_not_move_the_grid():
    fast = START_NS + np.arange(2000, dtype=np.int64) * 5_000_000 + 1_234_567
    alone = align({"/a": camera(0.3, 1)}, 30.0, "nearest", ["/a"])
    both = align({"/a": camera(0.3, 1), "/joints": fast}, 30.0, "nearest", ["/a"])
    assert repeats(both)["/a"] == 0
    assert (both.t_ns[0] - alone.t_ns[0]) % PERIOD_NS < 0.05 * PERIOD_NS or (
        both.t_ns[0] - alone.t_ns[0]
    ) % PERIOD_NS > 0.95 * PERIOD_NS


def test_streams_that_overlap_for_less_than_a_step_still_give_one():
    stamps = {"/a": camera(0.0, 1)[:3], "/b": camera(1.8, 2)}
    timeline = align(stamps, 30.0, "nearest", ["/a", "/b"])
    assert len(timeline) == 1
