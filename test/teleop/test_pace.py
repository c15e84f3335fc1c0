from teleop_collect.teleop.pace import Pace, Step

MS = 1_000_000


def test_steps_last_as_long_as_the_time_between_ticks() -> None:
    pace = Pace(200.0)
    assert pace.step(7 * MS) == Step(0.0)
    assert pace.step(12 * MS) == Step(0.005)
    assert pace.step(12 * MS) == Step(0.0)


def test_pause_beyond_four_periods_is_no_time_to_move_in() -> None:
    pace = Pace(200.0)
    pace.step(0)
    assert pace.step(20 * MS) == Step(0.02)
    step = pace.step(10_020 * MS)
    assert step.dt_s == 0.02
    assert abs(step.pause_s - 9.98) < 1e-12


def test_time_that_went_back_must_catch_up_before_anything_moves() -> None:
    pace = Pace(200.0)
    pace.step(100 * MS)
    assert pace.step(90 * MS) == Step(0.0, backwards_s=0.01)
    assert pace.step(97 * MS).backwards_s == 0.003
    assert pace.step(104 * MS) == Step(0.004)
