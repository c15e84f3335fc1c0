"""A million ticks of hostile input through the safety chain: no command may leave its limits.

    python bench/soak/teleop_chain.py [--ticks 1000000] [--seed 1]

Eight tenths of the ticks play the scripts of test/support/teleop_script.py (NaN, infinities, 1e308,
bursts, reversed and future stamps, silence, gaps of 10 s, offsets at engaging) on an arm of three
joints, every third script without a jerk limit; the follower drifts, and is elsewhere after a gap.
A tenth plays hostile twists, postures and speeds for leaders in numbers (SpaceMouse, other
kinematics). The last tenth moves the demonstration arm behind all guards towards postures at
random, with forces. Every command is judged from outside: finite, first command as measured, and
within position, velocity, acceleration and jerk at every tick.
"""

import argparse
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "test"))

import numpy as np
from report import Report
from support.cartesian_hostile import LEADERS, Hostile
from support.guarded_arm import GuardedArm, guarded
from support.teleop_driver import JERK, make_chain
from support.teleop_script import KINDS, Player, Segment

from teleop_collect.rig.config import Align, Collision, Plane, Teleop, Workspace, WrenchGuard
from teleop_collect.rig.safety_config import Box

TELEOPS = (
    Teleop(),
    Teleop(align=Align(tolerance_rad=50.0, tolerance_m=1.0, ramp_rad_s=2.0, ramp_m_s=0.1)),
    Teleop(limits_off=("jerk",)),
)
GAPS_S = (0.015, 0.025, 0.09, 0.15, 0.6, 10.0)
LOW = np.array([-2.9, -2.6, -2.6, -2.6, -1.9, -3.1, 0.0])
HIGH = np.array([2.9, 0.6, 2.6, 2.6, 1.9, 3.1, 0.04])


def script(rng: random.Random) -> list[Segment]:
    """Some hostile segments."""
    return [
        Segment(
            kind=rng.choice(KINDS),
            ticks=rng.randint(1, 40),
            target=(rng.uniform(-4, 4), rng.uniform(-0.05, 0.1), rng.uniform(-10, 10)),
            gap_s=rng.choice(GAPS_S),
            seed=rng.randint(0, 2**31),
            engage=rng.random() < 0.75,
        )
        for _ in range(rng.randint(6, 14))
    ]


def joints(ticks: int, rng: random.Random) -> tuple[int, list[str]]:
    """Scripts on three joints: how many ticks, and what the judge found."""
    played, found = 0, []
    while played < ticks and len(found) < 20:
        teleop = rng.choice(TELEOPS)
        start = (rng.uniform(-2.05, 1.55), rng.uniform(-0.005, 0.045), rng.uniform(-7, 7))
        align = teleop.align
        ramp = (align.ramp_rad_s, align.ramp_m_s, align.ramp_rad_s)
        player = Player(make_chain(teleop), start, ramp, None if teleop.limits_off else JERK)
        player.play(script(rng))
        played += len(player.driver.ticks)
        found += player.violations
    return played, found


def arm(ticks: int, seed: int) -> tuple[int, list[str]]:
    """Postures at random on the guarded arm: how many ticks, and what the judge found."""
    rng = np.random.default_rng(seed)
    config = guarded(
        workspace=Workspace(box=Box(lower_m=(-0.2, -0.4, -0.2), upper_m=(0.5, 0.4, 0.6))),
        collision=Collision(table=Plane(), table_stop_m=0.004),
        wrench_guard=WrenchGuard(soft_n=10.0, hard_n=30.0),
    )
    driver = GuardedArm(config).engaged()
    for k in range(ticks):
        if k % 40 == 0:
            driver.leader = tuple(rng.uniform(LOW, HIGH))
        pressed = k % 400 > 300
        driver.force_n = (0.0, 0.0, 25.0 if pressed else 0.0)
        driver.step()
        if k % 8 == 0:
            driver.judge.check_arm(driver.last.action_sent, config, k % 400 > 340, 25.0)
        del driver.ticks[:-1]
        if len(driver.judge.violations) > 20:
            break
    return k + 1, driver.judge.violations


def cartesian(ticks: int, seed: int) -> tuple[int, list[str]]:
    """Hostile twists and postures of leaders in numbers: how many ticks, what the judge found."""
    played, found = 0, []
    for number, (feed, message) in enumerate(LEADERS):
        hostile = Hostile(feed(), random.Random(seed + number))
        hostile.play(ticks // len(LEADERS), message)
        played += ticks // len(LEADERS)
        found += hostile.judge.violations
    return played, found


def main() -> int:
    """Run all parts and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ticks", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    report, found = Report("soak_teleop_chain"), 0
    parts = {
        "three joints, hostile scripts": lambda: joints(
            options.ticks * 8 // 10, random.Random(options.seed)
        ),
        "SpaceMouse and other kinematics, hostile": lambda: cartesian(
            options.ticks // 10, options.seed
        ),
        "demonstration arm, all guards": lambda: arm(options.ticks // 10, options.seed),
    }
    for name, play in parts.items():
        start = time.monotonic()
        ticks, violations = play()
        for text in violations[:20]:
            print(f"{name}: {text}")
        found += len(violations)
        took_s = time.monotonic() - start
        report.row(name, ticks=ticks, violations=len(violations), took_s=took_s)
    report.at_most("violations", found, 0)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
