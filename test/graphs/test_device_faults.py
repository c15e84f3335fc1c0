"""What a recorded episode says of a bus or a camera that failed meanwhile: no sample of that time,
and the gap in the ledger.
"""

import json
import signal
import time
from collections.abc import Callable

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
SERVO = 2
LATE_S = 0.08
HAND_RAD_S = 2.0
"""Speed of the leader's joint while answers come late: old by 80 ms is wrong by 0.16 rad."""
STALE_RAD = 0.08
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


Action = Callable[[EmulatorClient], object]


def lasting(kind: str) -> tuple[Action, Action]:
    return lambda bus: bus.inject(kind, count=None, delay_s=LATE_S), lambda bus: bus.clear()


FAULTS: dict[str, tuple[Action, Action]] = {
    **{k: lasting(k) for k in ("no_reply", "truncated", "bit_flip", "dropped_byte", "late_reply")},
    "a silent servo": (lambda bus: bus.silence(SERVO), lambda bus: bus.clear()),
    "overload": (lambda bus: bus.hardware_error(SERVO, 0x20), lambda bus: bus.clear()),
    "overheating": (lambda bus: bus.hardware_error(SERVO, 0x04), lambda bus: bus.clear()),
    "a servo that reboots": (lambda bus: bus.reboot(SERVO, FAULT_S + 0.1), lambda bus: None),
    "unplugged": (lambda bus: bus.unplug(), lambda bus: bus.plug()),
}
"""How each begins and ends; a reboot ends by itself, a little later than the others."""


def fail_for_a_while(buses: list[EmulatorClient], fault: str) -> tuple[int, int]:
    """Let both buses fail; when that began and ended, UTC ns."""
    begin, end = FAULTS[fault]
    for bus in buses:
        begin(bus)
    began_ns = time.time_ns()
    wait_for(lambda: time.time_ns() - began_ns > FAULT_S * 1e9, 20, "the fault to last")
    ended_ns = time.time_ns()
    for bus in buses:
        end(bus)
    return began_ns, ended_ns


class MovingHand:
    """Turns one joint of the leader at a steady speed; knows where it was at any time."""

    def __init__(self, bus: EmulatorClient, joint: str) -> None:
        times_s = np.arange(0.0, 2.0, 0.01)
        positions = [[HAND_RAD_S * t] for t in times_s]
        told = bus.play({"rate_hz": 100, "joints": [joint], "positions": positions})
        utc_from_monotonic_ns = time.time_ns() - time.monotonic_ns()
        self._start_ns = told["start_monotonic_ns"] + utc_from_monotonic_ns
        self._end_s = float(times_s[-1])

    def at(self, stamps_ns):
        """Positions at UTC times; NaN where the hand does not move steadily."""
        t_s = (stamps_ns - self._start_ns) / 1e9
        steady = (t_s > 0.02) & (t_s < self._end_s - 0.02)
        return np.where(steady, HAND_RAD_S * t_s, np.nan)


def test_each_fault_of_a_bus_is_a_gap_in_the_ledger_and_leaves_no_stale_sample(
    rig, listener, buses
):
    listener.wait_for_arms_after(time.time_ns())
    start(rig)
    listener.wait_for_arms_after(time.time_ns())
    joint = next(iter(rig.loaded.rig.arms["main"].leader.servos))
    faults = {}
    for name in FAULTS:
        if name == "late_reply":
            hand = MovingHand(buses[0], joint)
        faults[name] = fail_for_a_while(buses, name)
        listener.wait_for_arms_after(faults[name][1])
    folder = stop(rig)

    with open_episode(folder) as episode:
        for arm in ARMS:
            series = episode.read(joints(arm))
            stamps = series.stamp_ns
            for name, (began_ns, ended_ns) in faults.items():
                during = (stamps > began_ns + SETTLED_NS) & (stamps < ended_ns)
                assert not during.any(), (arm, name, (stamps[during] - began_ns) / 1e6)
            assert (np.diff(stamps) > 0).all(), "nothing came twice"
            found = ledger(folder, joints(arm))
            assert found["gaps"] >= len(FAULTS)
            assert found["max_gap_ms"] >= (FAULT_S * 1e9 - SETTLED_NS) / 1e6
            assert (found["lost_transport"], found["dropped_queue"]) == (0, 0)
        series = episode.read(joints("leader"))
        wrong = series.values["position"][:, series.names.index(joint)] - hand.at(series.stamp_ns)
        moving = np.isfinite(wrong)
        assert moving.sum() > 5
        assert np.abs(wrong[moving]).max() < STALE_RAD


def test_images_that_a_camera_lost_are_in_the_ledger_live_and_in_the_end(rig, listener):
    listener.wait_for_images()
    start(rig)
    listener.wait_for_images()
    before = listener.told["lost"]
    episode_id = rig.client.state(topics.EPISODE)["episode_id"]
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
        return all(v.get("lost_device", "unknown") not in ("unknown", "0") for v in values)

    wait_for(told_live, 20, "the loss on /diagnostics")
    # Events come at most once a second, so a stop right behind a loss would be before its event.
    heard = []

    def told_as_event() -> bool:
        of_this = [e for e in rig.client.events() if e.get("episode_id") == episode_id]
        heard.extend(e for e in of_this if is_lost_image(e))
        row = rig.client.diagnostics().get(f"recorder: {COLOR}", {})
        return str(sum(event["count"] for event in heard)) == row.get("lost_device")

    wait_for(told_as_event, 20, "events of all images that were lost")
    folder = stop(rig)

    lost = {topic: ledger(folder, topic)["lost_device"] for topic in (COLOR, DEPTH)}
    assert lost[COLOR] == lost[DEPTH] > 0
    with open_episode(folder) as episode:
        events = [
            json.loads(e) for e in episode.read(absolute(topics.EPISODE_EVENT)).values["data"]
        ]
    assert sum(e["count"] for e in events if is_lost_image(e)) == lost[COLOR]


def is_lost_image(event) -> bool:
    """Whether an event tells colour images that the camera made and nobody published."""
    kind = (event["kind"], event.get("topic"), event.get("cause"))
    return kind == ("dropout", COLOR, "device")
