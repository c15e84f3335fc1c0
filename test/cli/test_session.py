"""A rig's graph below a command: what it says when a process ends, and how far it is heard."""

import os
from pathlib import Path

import pytest
from support.graph import wait_for

from teleop_collect.cli.domain import claim_free_domain
from teleop_collect.cli.session import RigSession, SessionOptions, connect_client
from teleop_collect.errors import DeviceError
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.processes import Process, Role

DISCOVERY = "ROS_AUTOMATIC_DISCOVERY_RANGE"


def test_a_node_that_ends_is_named_with_its_last_words_and_its_log(tmp_path: Path):
    node = Process("camera", Role.CAMERA, "camera", "teleop_collect.nodes.camera", {"rig": "none"})
    options = SessionOptions(root=tmp_path, own_domain=True)
    with RigSession(load_rig("sim_tabletop"), options, [node]) as session:
        wait_for(lambda: session.supervisor.ended() is not None, 20, "the node to end")
        with pytest.raises(DeviceError) as caught:
            session.check_alive()

    text = str(caught.value)
    assert text.startswith("camera ended with exit code 2, the rig is stopped: no rig named 'none'")
    assert text.endswith(f"\n(log: {session.log_dir / 'camera.log'})")
    assert "[FATAL]" not in text


@pytest.mark.parametrize(("given", "used"), [(None, "LOCALHOST"), ("SUBNET", "SUBNET")])
def test_a_command_that_joins_a_rig_is_heard_as_far_as_the_rig_is(
    monkeypatch: pytest.MonkeyPatch, given: str | None, used: str
):
    domain, lock = claim_free_domain()
    lock.close()
    monkeypatch.setenv("ROS_DOMAIN_ID", str(domain))
    monkeypatch.setenv(DISCOVERY, given or "")
    if given is None:
        monkeypatch.delenv(DISCOVERY)

    with connect_client():
        assert os.environ[DISCOVERY] == used
