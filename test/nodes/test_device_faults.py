"""What a recorded episode says of a bus or a camera that failed meanwhile: no sample of that time,
and the gap in the ledger.
"""

import json
import signal
import time

import numpy as np
import pytest
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from support.graph import running_rig, wait_for
from support.lone_recorder import OVERRIDE, ledger, publishing_node, start, stop
from support.rehearsal import rehearsed

from teleop_collect import topics
from teleop_collect.devices.bus_emulator.client import EmulatorClient
from teleop_collect.episodes.reader import open_episode
from teleop_collect.nodes import conversions
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.runtime import control_socket

pytestmark = pytest.mark.timeout(240)

FAULT_S = 0.6
STALL_S = 1.0
SETTLED_NS = 250_000_000
"""So long into a fault nothing that was under way when it began can still come."""
CAMERA = {"driver": "realsense", "serial": "sim://top", "width": 320, "height": 240, "fps": 30}
ARMS = ("leader", "follower")
FAULTS = ("no_reply", "bit_flip", "unplugged")
PROCESSES = [
    "leader_bus_emulator_main",
    "follower_bus_emulator_main",
    "leader_arm",
    "follower_arm",
    "camera_top",
    "recorder",
]


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    loaded = rehearsed(folder, "koch_v1_1", cameras={"top": CAMERA})
    with running_rig(folder, str(loaded.path), PROCESSES) as running:
        running.client.set_parameters("recorder", OVERRIDE)
        yield running


def absolute(topic: str) -> str:
    return f"/{topic}"


def joints(arm: str) -> str:
    return absolute(f"{arm}/joint_states")


COLOR, DEPTH = absolute(topics.color_topic("top")), absolute(topics.depth_topic("top"))


class Listener:
    """Hears the devices beside the recorder."""

    def __init__(self, node) -> None:
        qos = profile(topics.FAST_QOS)
        self._arms = {arm: PolledSubscription(node, JointState, joints(arm), qos) for arm in ARMS}
        topic = absolute(topics.color_metadata_topic("top"))
        self._numbers = PolledSubscription(node, String, topic, qos)
        self.told: dict[str, int] = {}

    def wait_for_arms_after(self, time_ns: int) -> None:
        newest = dict.fromkeys(ARMS, 0)

        def both() -> bool:
            for arm, subscription in self._arms.items():
                if (taken := subscription.newest()) is not None:
                    newest[arm] = conversions.stamp_ns(taken.message.header.stamp)
            return min(newest.values()) > time_ns

        wait_for(both, 20, "both arms")

    def wait_for_images(self, lost: int = 0) -> None:
        """Until the camera's node has counted so many lost images."""
        self.told = {}

        def counted() -> bool:
            if (taken := self._numbers.newest()) is not None:
                self.told = json.loads(taken.message.data)
            return self.told.get("lost", -1) >= lost

        wait_for(counted, 20, f"{lost} lost images")


@pytest.fixture
def listener(rig):
    with publishing_node() as node:
        yield Listener(node)


@pytest.fixture
def buses(rig):
    clients = [EmulatorClient(control_socket(f"sim://{arm}_main")) for arm in ARMS]
    yield clients
    for client in clients:
        client.plug()
        client.clear()
        client.close()


def fail_for_a_while(buses: list[EmulatorClient], kind: str) -> tuple[int, int]:
    """Let both buses fail; when that began and ended, UTC ns."""
    for bus in buses:
        bus.unplug() if kind == "unplugged" else bus.inject(kind, count=None)
    began_ns = time.time_ns()
    wait_for(lambda: time.time_ns() - began_ns > FAULT_S * 1e9, 20, "the fault to last")
    ended_ns = time.time_ns()
    for bus in buses:
        bus.plug() if kind == "unplugged" else bus.clear()
    return began_ns, ended_ns


def test_each_fault_of_a_bus_is_a_gap_in_the_ledger_and_leaves_no_stale_sample(
    rig, listener, buses
):
    listener.wait_for_arms_after(time.time_ns())
    start(rig)
    listener.wait_for_arms_after(time.time_ns())
    faults = []
    for kind in FAULTS:
        faults.append(fail_for_a_while(buses, kind))
        listener.wait_for_arms_after(faults[-1][1])
    folder = stop(rig)

    with open_episode(folder) as episode:
        for arm in ARMS:
            stamps = episode.read(joints(arm)).stamp_ns
            for began_ns, ended_ns in faults:
                during = (stamps > began_ns + SETTLED_NS) & (stamps < ended_ns)
                assert not during.any(), (arm, (stamps[during] - began_ns) / 1e6)
            assert (np.diff(stamps) > 0).all(), "nothing came twice"
            found = ledger(folder, joints(arm))
            assert found["gaps"] >= len(FAULTS)
            assert found["max_gap_ms"] >= (FAULT_S * 1e9 - SETTLED_NS) / 1e6
            assert (found["lost_transport"], found["dropped_queue"]) == (0, 0)


def test_images_that_a_camera_lost_are_in_the_ledger_live_and_in_the_end(rig, listener):
    listener.wait_for_images()
    start(rig)
    listener.wait_for_images()
    before = listener.told["lost"]
    camera = rig.session.supervisor.children["camera_top"]
    # The emulated camera goes on counting, as a real one does while its host stands still.
    camera.signal(signal.SIGSTOP)
    stopped_s = time.monotonic()
    wait_for(lambda: time.monotonic() - stopped_s > STALL_S, 20, "some images to be missed")
    camera.signal(signal.SIGCONT)
    listener.wait_for_images(before + 1)

    def told_live() -> bool:
        rows = rig.client.diagnostics()
        values = [rows.get(f"recorder: {topic}", {}) for topic in (COLOR, DEPTH)]
        return all(int(v.get("lost_device", "0")) > 0 for v in values)

    wait_for(told_live, 20, "the loss on /diagnostics")
    folder = stop(rig)

    lost = {topic: ledger(folder, topic)["lost_device"] for topic in (COLOR, DEPTH)}
    assert lost[COLOR] == lost[DEPTH] > 0
    with open_episode(folder) as episode:
        events = [
            json.loads(e) for e in episode.read(absolute(topics.EPISODE_EVENT)).values["data"]
        ]
    dropouts = [e for e in events if e["kind"] == "dropout" and e.get("topic") == COLOR]
    assert sum(e["count"] for e in dropouts if e["cause"] == "device") == lost[COLOR]
