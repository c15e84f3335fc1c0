"""How a node ends: each error is one message and an exit code, in whatever thread it happens."""

import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from geometry_msgs.msg import WrenchStamped
from support.lone_recorder import lone_recorder, matched, publishing_node, start

from teleop_collect import topics
from teleop_collect.errors import CheckFailed
from teleop_collect.nodes.host import answering
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.streams import streams_of

pytestmark = pytest.mark.timeout(60)

NODE = """
import sys
from teleop_collect.errors import CheckFailed, DeviceError
from teleop_collect.nodes.host import run_node

class Node:
    def __init__(self, host):
        self.host = host
        {built}

    def run(self):
        print("running", flush=True)
        {run}

    def close(self):
        print("closing", flush=True)
        {close}

    def burst(self):
        raise KeyError("bug")

sys.exit(run_node("node_under_test", Node))
"""
WAIT = "self.host.stop.wait()"


def ended(built: str = "pass", run: str = WAIT, close: str = "pass") -> tuple[int, str]:
    """Exit code and output of a node of which some part fails."""
    program = NODE.format(built=built, run=run, close=close)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=40, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("parts", "code", "message"),
    [
        ({"built": "raise DeviceError('no such port')"}, 2, "no such port"),
        ({"run": "raise CheckFailed('the check did not pass')"}, 1, "the check did not pass"),
        ({"run": "open('/proc/nowhere')"}, 2, "/proc/nowhere: No such file or directory"),
        ({"run": "pass", "close": "raise CheckFailed('salvage it')"}, 1, "salvage it"),
        ({"built": "host.node.create_timer(0.01, self.burst)"}, 2, "services ended by KeyError"),
    ],
)
def test_what_ends_a_node_is_one_message_and_an_exit_code(
    parts: dict[str, str], code: int, message: str
):
    returned, output = ended(**parts)

    assert returned == code, output
    assert "Traceback" not in output
    assert output.count("[FATAL]") == 1
    assert message in output
    assert ("closing" in output) is ("raise DeviceError" not in parts.get("built", ""))


def refuse(error: Exception):
    def call(request: object) -> str:
        raise error

    return call


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (CheckFailed("nothing is being recorded"), "nothing is being recorded"),
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/labels.jsonl"),
            "/data/labels.jsonl: No space left on device; make room on that disk",
        ),
        (OSError("the disk did not answer for 20 s"), "the disk did not answer for 20 s"),
    ],
)
def test_a_service_answers_why_it_refused(error: Exception, message: str):
    answer = answering(refuse(error))(None, SimpleNamespace())

    assert (answer.success, answer.message) == (False, message)


def test_a_recorder_that_cannot_close_its_file_says_so_and_where_the_data_are(tmp_path: Path):
    with lone_recorder(tmp_path) as running, publishing_node() as node:
        stream = next(
            s for s in streams_of(running.loaded.rig) if s.topic == topics.FOLLOWER_WRENCH
        )
        publisher = node.create_publisher(WrenchStamped, stream.topic, profile(stream.qos))
        matched(publisher)
        episode_id = start(running)
        active = tmp_path / "inprogress" / episode_id / f"{episode_id}.mcap.active"
        publisher.publish(WrenchStamped())
        recorder = running.session.supervisor.children["recorder"]
        pid = recorder.handle.pid
        # All at once for the process: its disk is full, and it is told to end.
        os.kill(pid, signal.SIGSTOP)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (active.stat().st_size,) * 2)
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGCONT)

        assert recorder.handle.wait(30) == 1
        said = recorder.last_lines()
    assert "Traceback" not in said
    assert f"episode {episode_id} could not be finished" in said
    assert "teleop-collect salvage" in said
    assert active.exists()
