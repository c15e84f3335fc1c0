import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleop_collect.episodes.timeline import align
from teleop_collect.errors import ConfigError, UnreadableError

MS = 1_000_000
T0 = 1_700_000_000_000_000_000


def stamps(*ms: float) -> np.ndarray:
    return np.array([T0 + round(m * MS) for m in ms], dtype=np.int64)


def test_latest_is_a_causal_hold_with_measured_age():
    timeline = align(
        {"/a": stamps(0, 40, 95, 150, 210), "/b": stamps(10, 110, 310)}, 10.0, "latest"
    )
    assert (timeline.t_ns - T0).tolist() == [10 * MS, 110 * MS, 210 * MS]
    assert timeline.index["/a"].tolist() == [0, 2, 4]
    assert timeline.skew_ns["/a"].tolist() == [-10 * MS, -15 * MS, 0]
    assert timeline.index["/b"].tolist() == [0, 1, 1]
    assert timeline.skew_ns["/b"].tolist() == [0, 0, -100 * MS]


def test_nearest_takes_the_closer_side_and_the_earlier_on_a_tie():
    timeline = align({"/a": stamps(0, 60, 140, 200), "/b": stamps(0, 100, 200)}, 10.0, "nearest")
    assert timeline.index["/a"].tolist() == [0, 1, 3]
    assert timeline.skew_ns["/a"].tolist() == [0, -40 * MS, 0]


def test_index_points_into_file_order_when_stamps_are_not_in_order():
    timeline = align({"/a": stamps(100, 0, 50)}, 20.0, "latest")
    assert timeline.index["/a"].tolist() == [1, 2, 0]


def test_messages_without_a_stamp_are_not_used():
    values = stamps(0, 50, 100)
    values[1] = 0
    timeline = align({"/a": values}, 20.0, "latest")
    assert timeline.index["/a"].tolist() == [0, 0, 2]
    assert timeline.skew_ns["/a"].tolist() == [0, -50 * MS, 0]


def test_the_grid_does_not_drift():
    timeline = align({"/a": stamps(0, 3_600_000)}, 30.0, "latest")
    assert len(timeline) == 30 * 3600 + 1
    assert timeline.t_ns[-1] - T0 == 3_600_000 * MS
    assert timeline.t_ns[30 * 1800] - T0 == 1_800_000 * MS


def test_one_sample_gives_one_step():
    timeline = align({"/a": stamps(5)}, 30.0, "nearest")
    assert timeline.index["/a"].tolist() == [0]


@given(
    a=st.lists(st.integers(0, 10**9), min_size=1, max_size=60),
    b=st.lists(st.integers(0, 10**9), min_size=1, max_size=60),
    fps=st.sampled_from([7.0, 29.97, 30.0, 200.0]),
    policy=st.sampled_from(["latest", "nearest"]),
)
def test_every_step_has_the_right_sample_and_the_true_skew(a, b, fps, policy):
    streams = {n: T0 + np.array(v, dtype=np.int64) for n, v in (("/a", a), ("/b", b))}
    if max(min(a), min(b)) > min(max(a), max(b)):
        with pytest.raises(UnreadableError, match="no time in common"):
            align(streams, fps, policy)
        return
    timeline = align(streams, fps, policy)
    assert timeline.t_ns[0] == T0 + max(min(a), min(b))
    assert timeline.t_ns[-1] <= T0 + min(max(a), max(b))
    assert timeline.t_ns[-1] + 1.5e9 / fps > T0 + min(max(a), max(b))
    for name, values in streams.items():
        for t, chosen, skew in zip(
            timeline.t_ns, timeline.index[name], timeline.skew_ns[name], strict=True
        ):
            assert values[chosen] - t == skew
            if policy == "latest":
                assert values[chosen] == values[values <= t].max()
            else:
                assert abs(skew) == np.abs(values - t).min()


@pytest.mark.parametrize("fps", [0, -1, float("nan"), 1e6])
def test_unusable_rates_are_refused(fps: float):
    with pytest.raises(ConfigError, match="fps"):
        align({"/a": stamps(0)}, fps, "latest")


def test_unknown_policy_is_refused():
    with pytest.raises(ConfigError, match="latest or nearest"):
        align({"/a": stamps(0)}, 30.0, "linear")  # type: ignore[arg-type]


def test_a_stream_without_stamps_is_named():
    with pytest.raises(UnreadableError, match="/a has no message"):
        align({"/a": np.zeros(3, dtype=np.int64), "/b": stamps(0)}, 30.0, "latest")


def test_a_timeline_of_absurd_length_is_refused():
    with pytest.raises(UnreadableError, match="over the limit"):
        align({"/a": np.array([1, 2_000_000_000 * 10**9])}, 200.0, "latest")
