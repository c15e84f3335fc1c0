"""Hostile input for a chain as data: a script of short segments, played tick by tick."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from support.teleop_driver import (
    HOLD_AFTER_S,
    HOME,
    LEADER_JOINTS,
    MS,
    PERIOD_NS,
    RAMP,
    CommandJudge,
    Driver,
    leader_of,
    make_chain,
)

from teleop_collect.teleop.chain import TeleopChain
from teleop_collect.teleop.state import TeleopState

KINDS = (
    "jump",
    "glide",
    "shake",
    "near",
    "nan",
    "inf",
    "huge",
    "leader_silent",
    "follower_silent",
    "stamps_back",
    "stamps_future",
    "stamps_old",
    "same_stamp",
    "burst",
    "missing_joint",
    "follower_nan",
    "follower_drifts",
    "loop_back",
    "loop_stands",
    "gap",
    "disarm",
    "stop",
)

FUTURE_NS = 50 * MS
"""A stamp further ahead of the clock than this is wrong."""


@dataclass(frozen=True)
class Segment:
    """Some ticks of one kind.

    Attributes:
        kind: one of KINDS.
        ticks: how many.
        target: leader goes here, as follower positions (rad, m, rad).
        gap_s: pause before the first tick of a "gap".
        seed: of jitter, name order and sizes.
        engage: whether a person clears faults and engages at its start.
    """

    kind: str
    ticks: int
    target: tuple[float, float, float]
    gap_s: float = 0.0
    seed: int = 0
    engage: bool = True


class Player:
    """Plays segments; collects the judge's findings."""

    def __init__(
        self,
        chain: TeleopChain | None = None,
        start: tuple[float, ...] = HOME,
        ramp: tuple[float, ...] = RAMP,
        jerk: tuple[float, ...] | None = None,
    ) -> None:
        self.driver = Driver(make_chain() if chain is None else chain)
        self.driver.follower = start
        self.driver.leader = leader_of(start)
        self.violations: list[str] = []
        self.states: set[TeleopState] = set()
        self._judge = CommandJudge(ramp, jerk=jerk)
        self._last_ns = self.driver.now_ns
        self._measured = start
        self._follower_stamp_ns = 0
        self._leader_stamp_ns: int | None = None
        self._leader_fresh_ns = self._last_ns
        self._leader_disorder, self._leader_is_finite = False, True

    def play(self, segments: list[Segment]) -> "Player":
        self._tick(random.Random(0), "near", PERIOD_NS)
        for segment in segments:
            self._play(segment)
        return self

    def _play(self, segment: Segment) -> None:
        rng = random.Random(segment.seed)
        driver = self.driver
        if segment.engage:
            if driver.chain.state is TeleopState.FAULT:
                driver.chain.disarm()
            driver.engage()
        if segment.kind == "disarm":
            driver.chain.disarm()
        if segment.kind == "stop":
            driver.chain.stop("asked to stop")
        start = driver.leader
        goal = leader_of(segment.target)
        for k in range(segment.ticks):
            share = (k + 1) / segment.ticks if segment.kind == "glide" else 1.0
            driver.leader = tuple(a + share * (b - a) for a, b in zip(start, goal, strict=True))
            if segment.kind == "near":
                driver.leader = leader_of(driver.follower)
            elapsed_ns = rng.randint(1 * MS, 9 * MS)
            if segment.kind == "gap" and k == 0:
                elapsed_ns = int(segment.gap_s * 1e9)
            self._tick(rng, segment.kind, elapsed_ns)

    def _tick(self, rng: random.Random, kind: str, elapsed_ns: int) -> None:
        driver = self.driver
        if kind == "loop_back" and rng.random() < 0.3:
            elapsed_ns = -elapsed_ns
        if kind == "loop_stands":
            elapsed_ns = 0
        driver.now_ns += elapsed_ns
        if kind == "follower_drifts" or elapsed_ns > HOLD_AFTER_S * 1e9:
            self._drift(rng, elapsed_ns)
        if kind != "leader_silent":
            self._leader(rng, kind)
        if kind != "follower_silent":
            self._follower(rng, kind)
        tick = driver.tick()
        self.states.add(tick.state)
        elapsed_s = max(0, driver.now_ns - self._last_ns) / 1e9
        self._last_ns = max(self._last_ns, driver.now_ns)
        violation = self._judge.check(tick, elapsed_s, self._measured) or self._times(tick.state)
        if violation is not None:
            self.violations.append(f"tick {len(driver.ticks)}, {kind}: {violation}")

    def _times(self, state: TeleopState) -> str | None:
        """Whether a leader is followed that is too old, or whose time is out of order."""
        if state not in (TeleopState.ALIGNING, TeleopState.ENGAGED):
            return None
        age_ns = self.driver.now_ns - self._leader_fresh_ns
        if age_ns > HOLD_AFTER_S * 1e9:
            return f"follows a leader that is {age_ns / MS} ms old"
        if not self._leader_is_finite:
            return "follows a leader that is not finite"
        ahead_ns = (self._leader_stamp_ns or 0) - self.driver.utc_ns
        out_of_order = self._leader_disorder or ahead_ns > FUTURE_NS
        return "follows a leader whose time is out of order" if out_of_order else None

    def _note(self, stamp_ns: int, values: Sequence[float]) -> None:
        driver, before_ns = self.driver, self._leader_stamp_ns
        if stamp_ns == before_ns:
            return
        self._leader_is_finite = all(map(math.isfinite, values))
        self._leader_disorder = before_ns is not None and stamp_ns < before_ns
        self._leader_stamp_ns = stamp_ns
        self._leader_fresh_ns = min(driver.now_ns, stamp_ns - driver.utc_minus_monotonic_ns)

    def _drift(self, rng: random.Random, elapsed_ns: int) -> None:
        """The follower is not where it was sent: less after a tick, far away after a pause."""
        share = rng.uniform(-1.0, 1.0) * min(elapsed_ns / 1e9, 1.0)
        way = (0.9 * share, 0.02 * share, 2.0 * share)
        self.driver.follower = tuple(p + w for p, w in zip(self.driver.follower, way, strict=True))

    def _leader(self, rng: random.Random, kind: str) -> None:
        driver = self.driver
        values = list(driver.leader)
        bad = {"nan": math.nan, "inf": rng.choice((math.inf, -math.inf))}.get(kind)
        if kind == "huge":
            values = [rng.choice((1e308, -1e308, 1.7e308)) for _ in values]
        if kind == "shake":
            values = [v + rng.uniform(-3.0, 3.0) for v in values]
        if bad is not None and rng.random() < 0.7:
            values[rng.randrange(len(values))] = bad
        offset_ns = {
            "stamps_back": rng.randint(-400 * MS, 0),
            "stamps_future": rng.randint(0, 200 * MS),
            "stamps_old": rng.randint(-300 * MS, -50 * MS),
        }.get(kind, 0)
        if kind == "same_stamp":
            offset_ns = 20_000 * MS - driver.now_ns
        order = list(range(len(values)))
        rng.shuffle(order)
        names = [LEADER_JOINTS[i] for i in order]
        if kind == "missing_joint":
            names[0] = "unknown"
        repeats = rng.randint(2, 20) if kind == "burst" else 1
        for _ in range(repeats):
            self._note(driver.utc_ns + offset_ns, values)
            driver.leader_sample([values[i] for i in order], offset_ns, names)
            offset_ns += 1000

    def _follower(self, rng: random.Random, kind: str) -> None:
        driver = self.driver
        if kind == "follower_nan" and rng.random() < 0.5:
            driver.follower_sample((math.nan, 0.0, 0.0))
            return
        shaken = tuple(p + rng.uniform(-1e-3, 1e-3) for p in driver.follower)
        if driver.utc_ns != self._follower_stamp_ns:
            self._measured = shaken
        self._follower_stamp_ns = driver.utc_ns
        driver.follower_sample(shaken)
