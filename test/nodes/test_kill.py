"""A recorder that is killed leaves everything it had written: real processes, real kills.

How much it loses is judged here only beyond the time for which a busy machine gave it no core; the
plain figures belong to the durability bench.
"""

import json
import signal
from pathlib import Path

import pytest
from support.graph import wait_for

from bench.recording_load.contents import read_mcap
from bench.recording_load.kills import KillRun, percentile

KILLS = 20
LANES = 3
LATEST_S = 1.2


@pytest.mark.timeout(300)
def test_a_recorder_killed_at_any_moment_leaves_all_but_the_last_second(
    tmp_path: Path, record_property
):
    with KillRun(tmp_path, "small", lanes=LANES) as run:
        kills = run.kill(KILLS, 0.0, LATEST_S)
        episodes = [p for lane in run.lanes for p in (lane.root / "episodes").iterdir()]

    assert sorted(p.name for p in episodes) == sorted(kill.episode_id for kill in kills)
    assert [kill for kill in kills if not kill.is_intact] == []
    assert all(json.loads((p / "manifest.json").read_text())["recovered"] for p in episodes)
    assert sum(kill.messages for kill in kills) > 1000
    record_property("loss_p95_s", percentile([kill.loss_s for kill in kills], 0.95))
    own_losses_s = [kill.own_loss_s for kill in kills]
    assert max(own_losses_s) <= 1.0
    assert percentile(own_losses_s, 0.95) <= 0.5


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
