"""The verdict in the recorder's session: from the graph, right after the stop."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from support.graph import RunningRig, running_rig, wait_for
from support.lone_recorder import OVERRIDE, start, stop

from teleop_collect import topics
from teleop_collect.recording.place import ACTIVE_SUFFIX

pytestmark = pytest.mark.timeout(240)


def reads_what_is_recorded(rig: RunningRig) -> bool:
    pid = rig.session.supervisor.children["episode_qa"].handle.pid
    found = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.append(os.readlink(descriptor))
    return any(name.endswith(ACTIVE_SUFFIX) for name in found)


def test_an_episode_is_checked_when_it_ends(tmp_path: Path):
    with running_rig(tmp_path, only=["recorder", "episode_qa"]) as rig:
        rig.client.set_parameters("recorder", OVERRIDE)
        events: list[dict[str, Any]] = []

        def verdicts() -> list[str]:
            events.extend(e for e in rig.client.events() if e["kind"] == "verdict")
            return [e["episode_id"] for e in events]

        checks = "episode_qa/set_parameters"
        wait_for(lambda: rig.client.is_up(checks), 60, "the checking node")
        for count in (1, 2):
            start(rig)
            wait_for(lambda: reads_what_is_recorded(rig), 20, "it to be read while it is recorded")
            assert rig.client.set_bool(topics.LABEL_SUCCESS, True).success
            folder = stop(rig)
            wait_for(lambda n=count: len(verdicts()) == n, 60, "the verdict")
            document = json.loads((folder / "qa.json").read_text())
            assert events[-1]["episode_id"] == document["episode_id"] == folder.name
            # Nothing was published, so required streams are missing.
            assert events[-1]["verdict"] == document["verdict"] == "fail"
            assert events[-1]["messages"]
            assert events[-1]["after_stop_s"] > 0
