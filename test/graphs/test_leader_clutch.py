"""The clutch of a leader arm, through its bus, its driver, teleoperation and the follower."""

import json

import pytest
import yaml
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from support.graph import RunningRig, running_rig, wait_for, wait_for_check
from support.lone_recorder import publishing_node

from teleop_collect import topics
from teleop_collect.devices.bus_emulator.client import EmulatorClient
from teleop_collect.nodes import conversions
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.runtime import control_socket
from teleop_collect.samples import JointSample

pytestmark = pytest.mark.timeout(180)

PEDAL, PAN = "pedal", "shoulder_pan"
PRESSED_RAD, RELEASED_RAD = 1.0, 0.0
TURN_RAD = 0.4
STAYS_RAD = 0.02
HAND_HZ = 50
TURN_S = 1.0


class Arms:
    """Hears leader and follower, and what teleoperation sends."""

    def __init__(self, node) -> None:
        qos = profile(topics.FAST_QOS)
        names = (topics.LEADER_JOINT_STATES, topics.FOLLOWER_JOINT_STATES)
        self._heard = {name: PolledSubscription(node, JointState, name, qos) for name in names}
        self._newest: dict[str, JointSample] = {}

    def position(self, side: str, joint: str) -> float:
        name = f"{side}/joint_states"

        def heard() -> bool:
            if (taken := self._heard[name].newest()) is not None:
                self._newest[name] = conversions.joint_sample(taken.message)
            return name in self._newest

        wait_for(heard, 20, name)
        return self._newest[name].by_name()[joint]


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clutch")
    data = yaml.safe_load(load_rig("sim_tabletop").text)
    data["cameras"] = {}
    leader = data["arms"]["main"]["leader"]
    leader["servos"][PEDAL] = {"id": 20, "model": "XL330-M288"}
    leader["comfort"] = {"clutch": {"joint": PEDAL, "threshold_rad": 0.5}}
    path = folder / "clutch.yaml"
    path.write_text(yaml.safe_dump(data))
    names = ["leader_bus_emulator_main", "leader_arm", "sim_rig", "teleop", "rig_check"]
    with running_rig(folder, str(path), names, checked=True) as running:
        yield running


@pytest.fixture
def hand(rig):
    client = EmulatorClient(control_socket(rig.loaded.rig.arms["main"].leader.port))
    yield client
    client.close()


@pytest.fixture
def arms(rig):
    with publishing_node() as node:
        yield Arms(node)


def engage(rig: RunningRig) -> None:
    wait_for_check(rig)
    wait_for(lambda: rig.client.set_bool(topics.TELEOP_ENGAGE, True).success, 20, "engaging")
    wait_for(lambda: follows(rig), 20, "the arm to follow")


def follows(rig: RunningRig) -> bool:
    return "-> ENGAGED" in rig.log("teleop").rstrip().rpartition("\n")[2]


def move(hand: EmulatorClient, joint: str, start: float, end: float) -> None:
    """Let the operator's hand turn one joint, evenly."""
    steps = round(TURN_S * HAND_HZ)
    rows = [[start + (end - start) * n / steps] for n in range(steps + 1)]
    hand.play({"rate_hz": HAND_HZ, "joints": [joint], "positions": rows})
    wait_for(lambda: not hand.status()["playing"], 20, f"the hand on {joint}")


def test_pressed_the_leader_moves_alone_and_released_the_follower_comes_after(rig, hand, arms):
    engage(rig)
    start = arms.position("leader", PAN)
    wait_for(lambda: abs(arms.position("follower", PAN) - start) < STAYS_RAD, 20, "both at one")

    hand.set_pose({PEDAL: PRESSED_RAD})
    wait_for(lambda: arms.position("leader", PEDAL) > 0.9, 20, "the pedal to be read")
    move(hand, PAN, start, start + TURN_RAD)
    wait_for(lambda: arms.position("leader", PAN) > start + 0.9 * TURN_RAD, 20, "the leader")
    assert abs(arms.position("follower", PAN) - start) < STAYS_RAD
    assert follows(rig), "held by the clutch, not by a fault"

    hand.set_pose({PEDAL: RELEASED_RAD})
    wait_for(
        lambda: abs(arms.position("follower", PAN) - start - TURN_RAD) < STAYS_RAD,
        20,
        "the follower to come after",
    )
    wait_for(lambda: follows(rig), 20, "teleoperation to go on")
    assert "FAULT" not in rig.log("teleop")


def test_after_a_hold_a_check_that_fails_meanwhile_keeps_the_arm_held(rig, hand, arms):
    rig.client.set_bool(topics.TELEOP_ENGAGE, False)
    engage(rig)
    passed = rig.client.state(topics.RIG_CHECK_RESULT)
    with publishing_node() as node:
        results = node.create_publisher(
            String, topics.RIG_CHECK_RESULT, profile(topics.LATCHED_QOS)
        )
        wait_for(lambda: is_heard_by_all(node, results), 20, "teleoperation to listen")
        results.publish(String(data=json.dumps({**passed, "result": "fail"})))
        hand.set_pose({PEDAL: PRESSED_RAD})
        wait_for(lambda: arms.position("leader", PEDAL) > 0.9, 20, "the pedal to be read")
        hand.set_pose({PEDAL: RELEASED_RAD})
        wait_for(lambda: "the rig check failed" in told(rig), 20, "the arm to stay held")
        assert not follows(rig)

        results.publish(String(data=json.dumps(passed)))
        wait_for(lambda: follows(rig), 20, "the arm to follow again")


def is_heard_by_all(node, publisher) -> bool:
    """Whether teleoperation and all others that listen to a publisher's topic are matched."""
    listening = node.get_subscriptions_info_by_topic(publisher.topic_name)
    names = {info.node_name for info in listening}
    return "teleop" in names and publisher.get_subscription_count() >= len(listening)


def told(rig: RunningRig) -> str:
    """What teleoperation says of the arm."""
    return rig.client.diagnostics().get("teleop: main", {}).get("message", "")
