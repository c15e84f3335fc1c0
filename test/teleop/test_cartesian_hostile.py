"""Whatever a SpaceMouse, a leader of other kinematics or a replay sends, commands keep every limit.

The soak `teleop_chain` plays far more of it.
"""

import random

import numpy as np
import pytest
from support.cartesian_hostile import LEADERS, Hostile

from teleop_collect.teleop.state import TeleopState

TICKS = 700


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("feed", "message"), LEADERS)
def test_whatever_is_sent_commands_are_finite_and_within_every_limit(feed, message, seed):
    hostile = Hostile(feed(), random.Random(seed))
    hostile.play(TICKS, message)
    assert np.isfinite(hostile.follower).all()
    assert hostile.judge.violations == []
    assert {TeleopState.ENGAGED, TeleopState.HOLD} <= hostile.states
