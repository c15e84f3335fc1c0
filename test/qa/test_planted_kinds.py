"""Each kind of defect once: a check that should find it does, and the good episode is good."""

import copy
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mcap.writer import CompressionType
from support.planted_kinds import KINDS, Kind
from support.rig_baseline import baseline_document
from support.synthetic_episode import START_NS, Plan, build_plan, write_plan
from support.tool_path import add_tool_pose

from teleop_collect.qa.findings import QaReport
from teleop_collect.qa.registry import CHECKS
from teleop_collect.qa.run import check_episode

EPISODE_ID = "20261120T090000Z-sim_tabletop-a1b2c3"


@pytest.fixture(scope="module")
def good() -> Plan:
    plan = build_plan(EPISODE_ID, START_NS, 3.0, 0, True, ("scene",), (160, 120))
    add_tool_pose(plan)
    plan.baseline = baseline_document(plan)
    return plan


@pytest.fixture
def check(good: Plan, tmp_path: Path) -> Callable[[Kind | None], QaReport]:
    def run(kind: Kind | None) -> QaReport:
        plan = Plan(good.start_ns, good.duration_s, dict(good.streams), baseline=good.baseline)
        if kind is not None:
            plan.streams |= {topic: copy.deepcopy(good.streams[topic]) for topic in kind.topics}
            rng = np.random.default_rng(zlib.crc32(kind.name.encode()))
            for defect in kind.draw(rng, plan):
                defect(plan)
        folder = write_plan(plan, tmp_path, EPISODE_ID, compression=CompressionType.NONE)
        return check_episode(folder, write=False)

    return run


def test_without_a_defect_nothing_is_found(check: Callable[[Kind | None], QaReport]):
    report = check(None)
    assert report.findings == ()
    assert report.measure("fk_pose", "position_p95_m", "/follower/tool_pose") < 1e-4


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_the_defect_is_found(check: Callable[[Kind | None], QaReport], kind: Kind):
    report = check(kind)
    found = {f.check for f in report.findings if f.severity in ("fail", "review")}
    assert found & kind.checks, report.findings


def test_kinds_name_checks_of_their_layer():
    layers = {check.name: str(check.layer) for check in CHECKS}
    assert all({layers[name] for name in kind.checks} == {kind.layer} for kind in KINDS)
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 15
