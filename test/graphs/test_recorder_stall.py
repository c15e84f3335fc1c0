"""A short stall of the recorder costs nothing: what is published meanwhile waits for it."""

import signal
from pathlib import Path

import pytest
from geometry_msgs.msg import WrenchStamped
from rclpy.serialization import serialize_message
from support.lone_recorder import ledger, lone_recorder, matched, publishing_node, start, stop

from teleop_collect import topics
from teleop_collect.clock import PacedLoop, SystemClock
from teleop_collect.episodes.reader import open_episode
from teleop_collect.nodes.qos import profile

RATE_HZ = 500
COUNT = 400
STALL_AT = 100
WRENCH = "/follower/wrench"


def numbered(number: int) -> bytes:
    message = WrenchStamped()
    message.header.frame_id = f"frame_{number}"
    return serialize_message(message)


@pytest.mark.timeout(60)
def test_a_recorder_that_stalls_for_200_ms_loses_nothing(tmp_path: Path):
    """With the queue that this package's publishers have, at the rate of a wrist sensor."""
    sent = [numbered(n) for n in range(COUNT)]
    resume_at = STALL_AT + round(RATE_HZ * topics.RECORDER_STALL_S)
    with lone_recorder(tmp_path) as running, publishing_node() as node:
        wrenches = node.create_publisher(WrenchStamped, WRENCH, profile(topics.FAST_QOS))
        matched(wrenches)
        start(running)
        recorder = running.session.supervisor.children["recorder"]
        loop = PacedLoop(RATE_HZ, SystemClock())
        for number, wrench in enumerate(sent):
            if number == STALL_AT:
                recorder.signal(signal.SIGSTOP)
            if number == resume_at:
                recorder.signal(signal.SIGCONT)
            loop.wait()
            wrenches.publish(wrench)
        folder = stop(running)

    with open_episode(folder) as episode:
        assert [bytes(m.data) for m in episode.read_messages(WRENCH)] == sent
    found = ledger(folder, WRENCH)
    assert (found["lost_transport"], found["dropped_queue"]) == (0, 0)
