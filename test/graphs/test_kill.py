"""A recorder that is killed leaves everything it had written: real processes, real kills.

What it loses is judged by the kills before which the machine let a process beside it work, too; all
others are replaced by further ones, up to a limit, and must be intact as well.
"""

import json
import signal
from pathlib import Path

import pytest
from support.graph import wait_for
from support.warm_starts import warm_interpreter

from bench.recording_load.contents import read_mcap
from bench.recording_load.kills import KillRun, percentile
from bench.recording_load.processes import Recorder

KILLS, AT_MOST, NEEDED = 20, 25, 5
LANES = 5
LATEST_S = 2.5


@pytest.fixture(autouse=True)
def warm(monkeypatch):
    """Twenty-four recorders that need not import anew what the first one has."""
    monkeypatch.setattr(Recorder, "open", staticmethod(warm_interpreter().start))


@pytest.mark.timeout(300)
def test_a_recorder_killed_at_any_moment_leaves_all_but_the_last_second(
    tmp_path: Path, record_property
):
    with KillRun(tmp_path, "small", lanes=LANES) as run:
        kills = run.kill(KILLS, 0.0, LATEST_S, AT_MOST)
        episodes = [p for lane in run.lanes for p in (lane.root / "episodes").iterdir()]

    assert sorted(p.name for p in episodes) == sorted(kill.episode_id for kill in kills)
    assert [kill for kill in kills if not kill.is_intact] == []
    assert all(json.loads((p / "manifest.json").read_text())["recovered"] for p in episodes)
    assert sum(kill.messages for kill in kills) > 1000
    quiet = sorted((kill for kill in kills if kill.is_quiet), key=lambda kill: kill.loss_s)
    if len(quiet) < NEEDED:
        pytest.skip(f"machine too busy to judge loss: quiet at {len(quiet)} of {len(kills)} kills")
    p95_s = percentile([kill.loss_s for kill in quiet], 0.95)
    record_property("loss_p95_s", p95_s)
    record_property("replaced", sum(lane.replaced for lane in run.lanes))
    assert [kill for kill in quiet if kill.loss_s > 1.0] == []
    assert p95_s <= 0.5, quiet


def test_sigterm_finishes_the_running_episode(tmp_path: Path):
    with KillRun(tmp_path, "small") as run:
        lane = run.lanes[0]
        episode_id = lane.start()
        active = lane.root / "inprogress" / episode_id / f"{episode_id}.mcap.active"
        wait_for(lambda: active.stat().st_size > 1_000_000, 20, "a megabyte on the disk")

        lane.recorder.handle.send_signal(signal.SIGTERM)
        folder = lane.root / "episodes" / episode_id
        wait_for(folder.exists, 20, "the finished episode")

        assert lane.recorder.handle.wait(20) == 0
        found = run.contents(read_mcap(folder / f"{episode_id}.mcap"))
    assert json.loads((folder / "manifest.json").read_text())["recovered"] is False
    assert [c for c in found.values() if c.corrupted or c.foreign or not c.numbers] == []
