"""Whatever comes in, what goes out is finite and within every limit at every tick.

TELEOP_COLLECT_SOAK=1 plays a hundred times as many scripts (a million ticks and more).
"""

import os
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.teleop_driver import HOME, JERK, MS, Driver, make_chain, without
from support.teleop_script import KINDS, Player, Segment

from teleop_collect.rig.config import Align, Teleop
from teleop_collect.teleop import arm_input
from teleop_collect.teleop.acceleration_limit import AccelerationLimit
from teleop_collect.teleop.arm_command import ArmCommand
from teleop_collect.teleop.chain import TeleopChain
from teleop_collect.teleop.jerk_limit import JerkLimit
from teleop_collect.teleop.position_limit import PositionLimit
from teleop_collect.teleop.state import TeleopState
from teleop_collect.teleop.velocity_limit import VelocityLimit
from teleop_collect.teleop.watchdog import InputWatch

SOAK = os.environ.get("TELEOP_COLLECT_SOAK") == "1"
EXAMPLES = 10_000 if SOAK else 60

positions = st.tuples(st.floats(-4.0, 4.0), st.floats(-0.05, 0.1), st.floats(-10.0, 10.0))
segments = st.builds(
    Segment,
    kind=st.sampled_from(KINDS),
    ticks=st.integers(1, 40),
    target=positions,
    gap_s=st.sampled_from((0.015, 0.025, 0.09, 0.15, 0.6, 10.0)),
    seed=st.integers(0, 2**31),
    engage=st.sampled_from((True, True, True, False)),
)
starts = st.tuples(st.floats(-2.05, 1.55), st.floats(-0.005, 0.045), st.floats(-7.0, 7.0))
teleops = st.sampled_from(
    (
        Teleop(),
        Teleop(limits_off=("jerk",)),
        Teleop(align=Align(on_gap="refuse")),
        # Everything counts as aligned: following starts with any offset.
        Teleop(align=Align(tolerance_rad=50.0, tolerance_m=1.0, ramp_rad_s=2.0, ramp_m_s=0.1)),
    )
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not SOAK,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(script=st.lists(segments, min_size=6, max_size=14), start=starts, teleop=teleops)
@pytest.mark.timeout(0 if SOAK else 300)
def test_commands_keep_every_limit(
    script: list[Segment], start: tuple[float, float, float], teleop: Teleop
) -> None:
    align = teleop.align
    ramp = (align.ramp_rad_s, align.ramp_m_s, align.ramp_rad_s)
    jerk = None if "jerk" in teleop.limits_off else JERK
    player = Player(make_chain(teleop), start, ramp, jerk).play(script)
    assert player.violations == []


FAR = [
    Segment("near", 5, (0.0, 0.0, 0.0)),
    Segment("jump", 200, (1.2, 0.04, 3.0)),
    Segment("jump", 200, (4.0, 0.1, -9.0)),
    Segment("shake", 100, (0.0, 0.02, 0.0)),
    Segment("jump", 200, (-4.0, -0.1, 9.0)),
]
ALIGNED_ANYWHERE = Teleop(align=Align(tolerance_rad=50.0, tolerance_m=1.0))


def test_far_script_follows_and_keeps_every_limit() -> None:
    player = Player(make_chain(ALIGNED_ANYWHERE), jerk=JERK).play(FAR)
    assert player.violations == []
    assert TeleopState.ENGAGED in player.states


@pytest.mark.parametrize(
    ("removed", "expected"),
    [
        (PositionLimit, "position"),
        (VelocityLimit, "velocity limit"),
        (AccelerationLimit, "changed"),
        (JerkLimit, "jerk"),
    ],
)
def test_judge_notices_when_a_limiter_is_taken_out(removed: type, expected: str) -> None:
    player = Player(make_chain(ALIGNED_ANYWHERE, without(removed)), jerk=JERK).play(FAR)
    assert any(expected in violation for violation in player.violations)


def everything_is_finite(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(arm_input, "math", SimpleNamespace(isfinite=lambda value: True))


def nothing_grows_old(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(InputWatch, "age_s", lambda *_: 0.0)


def time_never_goes_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(InputWatch, "_order_problem", lambda *_: None)


def nothing_is_ahead_of_time(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(InputWatch, "_from_future", lambda *_: None)


def the_ramp_is_as_fast_as_the_joint(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ArmCommand, "align", ArmCommand.follow)


def commands_go_on_after_a_pause(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(TeleopChain, "_resume", lambda *_: None)


def kind_after_following(kind: str, **more: float) -> list[Segment]:
    near, away = Segment("near", 40, HOME), Segment("glide", 80, (0.9, 0.03, 1.0))
    return [near, away, Segment(kind, 60, (0.4, 0.01, 0.3), **more), away]


@pytest.mark.parametrize(
    ("mutation", "script", "expected"),
    [
        (everything_is_finite, kind_after_following("nan"), "not finite"),
        (nothing_grows_old, kind_after_following("leader_silent"), "ms old"),
        (nothing_grows_old, kind_after_following("stamps_old"), "ms old"),
        (time_never_goes_back, kind_after_following("stamps_back"), "out of order"),
        (nothing_is_ahead_of_time, kind_after_following("stamps_future"), "out of order"),
        (the_ramp_is_as_fast_as_the_joint, [Segment("jump", 80, (-1.2, 0.0, 3.0))], "aligned at"),
        (commands_go_on_after_a_pause, kind_after_following("gap", gap_s=0.3), "first command"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_judge_notices_when_a_check_of_the_input_is_taken_out(
    mutation: Callable[[pytest.MonkeyPatch], None],
    script: list[Segment],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Player(make_chain(), jerk=None).play(script).violations == []
    mutation(monkeypatch)
    found = Player(make_chain(), jerk=None).play(script).violations
    assert any(expected in violation for violation in found), found[:3]


def test_scripts_reach_every_state() -> None:
    script = [
        Segment("jump", 20, (1.2, 0.04, 3.0)),
        Segment("near", 20, (0.0, 0.0, 0.0)),
        Segment("leader_silent", 40, (0.0, 0.0, 0.0)),
        Segment("leader_silent", 120, (0.0, 0.0, 0.0), engage=False),
        Segment("disarm", 5, (0.0, 0.0, 0.0), engage=False),
    ]
    player = Player(make_chain()).play(script)
    assert player.states == set(TeleopState)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=not SOAK)
@given(
    offset=st.tuples(st.floats(-3.0, 3.0), st.floats(-0.03, 0.03), st.floats(-3.0, 3.0)),
    start=starts,
)
@pytest.mark.timeout(0 if SOAK else 300)
def test_offset_at_engaging_never_moves_the_first_command(
    offset: tuple[float, float, float], start: tuple[float, float, float]
) -> None:
    driver = Driver()
    driver.follower = start
    wish = [s + o for s, o in zip(start, offset, strict=True)]
    driver.leader = (wish[0], wish[1] / 0.04, wish[2])
    driver.step()
    assert driver.engage().accepted
    assert driver.step().action_sent == start
    second = driver.step().action_sent
    assert second is not None
    one_step = (10.0, 1.0, 20.0)
    for a, b, acceleration in zip(start, second, one_step, strict=True):
        assert abs(b - a) <= acceleration * 0.005**2 + 1e-12


@settings(max_examples=EXAMPLES, deadline=None, derandomize=not SOAK)
@given(phase_ns=st.integers(0, 5 * MS), speed=st.floats(-2.0, 2.0), silent=st.booleans())
@pytest.mark.timeout(0 if SOAK else 300)
def test_silence_holds_within_a_tick_of_the_limit_and_then_faults(
    phase_ns: int, speed: float, silent: bool
) -> None:
    driver = Driver().engaged()
    for _ in range(40):
        driver.leader = (driver.leader[0] + speed * 0.005 * 0.2, *driver.leader[1:])
        driver.step()
    assert driver.last.state is TeleopState.ENGAGED
    last_sample_ns = driver.now_ns
    driver.now_ns += phase_ns
    seen: dict[TeleopState, float] = {}
    while driver.now_ns - last_sample_ns < 600 * MS:
        driver.step(leader=silent, follower=not silent)
        seen.setdefault(driver.last.state, (driver.now_ns - last_sample_ns) / 1e9)
    assert 0.1 < seen[TeleopState.HOLD] <= 0.105
    assert 0.5 < seen[TeleopState.FAULT] <= 0.505
