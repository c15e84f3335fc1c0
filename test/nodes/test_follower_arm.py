"""The node that drives Dynamixel followers: what it does with commands, and when they cease."""

import json
import math
import signal
import time

import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from sensor_msgs.msg import JointState
from support.graph import running_rig, wait_for
from support.rehearsal import rehearsed
from trajectory_msgs.msg import JointTrajectory

from teleop_collect import topics
from teleop_collect.clock import PacedLoop, SystemClock
from teleop_collect.devices.bus_emulator.client import EmulatorClient
from teleop_collect.nodes import conversions
from teleop_collect.nodes.cdr_layout import trajectory_cdr
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.runtime import control_socket
from teleop_collect.samples import JointSample

pytestmark = pytest.mark.timeout(120)

PAN = "shoulder_pan"
PAN_ID = "1"
PERIOD_S = 0.01


class Commander:
    """Commands the follower and hears its joints, as teleoperation does."""

    def __init__(self) -> None:
        self._context = rclpy.Context()
        rclpy.init(args=[], context=self._context)
        self.node = rclpy.create_node("commander_under_test", context=self._context)
        self._publisher = self.node.create_publisher(
            JointTrajectory, "follower/joint_trajectory", profile(topics.COMMAND_QOS)
        )
        self._joints = PolledSubscription(
            self.node, JointState, topics.FOLLOWER_JOINT_STATES, profile(topics.FAST_QOS)
        )
        self._diagnostics = PolledSubscription(
            self.node, DiagnosticArray, topics.DIAGNOSTICS, profile(topics.FAST_QOS)
        )
        self._clock = SystemClock()
        self.seen: JointSample | None = None

    def hear(self) -> JointSample | None:
        if (taken := self._joints.newest()) is not None:
            self.seen = conversions.joint_sample(taken.message)
        return self.seen

    def diagnostics(self) -> list[DiagnosticStatus]:
        return [s for taken in self._diagnostics.drain() for s in taken.message.status]

    def send(self, **positions: float) -> None:
        sample = JointSample(self._clock.utc_ns(), tuple(positions), tuple(positions.values()))
        self._publisher.publish(trajectory_cdr(sample, PERIOD_S))

    def send_for(self, duration_s: float, **positions: float) -> None:
        loop = PacedLoop(1 / PERIOD_S, self._clock)
        for _ in range(round(duration_s / PERIOD_S)):
            self.send(**positions)
            loop.wait()

    def close(self) -> None:
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)


@pytest.fixture
def rig(tmp_path):
    loaded = rehearsed(tmp_path, "koch_v1_1")
    with running_rig(
        tmp_path, str(loaded.path), ["follower_bus_emulator_main", "follower_arm"]
    ) as r:
        yield r


@pytest.fixture
def commander(rig):
    commander = Commander()
    wait_for(lambda: commander.hear() is not None, 20, "the follower's joints")
    yield commander
    commander.close()


@pytest.fixture
def servos(rig):
    client = EmulatorClient(control_socket("sim://follower_main"))
    yield lambda: client.status()["servos"]
    client.close()


def pan(commander: Commander) -> float:
    sample = commander.hear()
    assert sample is not None
    return sample.by_name()[PAN]


def test_the_arm_stands_at_first_and_reports_every_joint(rig, commander):
    sample = commander.hear()
    home = rig.loaded.rig.arms["main"].home
    assert sample.names == rig.loaded.rig.arms["main"].joints
    for joint, position in sample.by_name().items():
        assert position == pytest.approx(home.get(joint, 0.0), abs=0.02)


def test_it_goes_where_it_is_told(commander):
    commander.send_for(3.0, **{PAN: 0.3})
    assert pan(commander) == pytest.approx(0.3, abs=0.03)


def test_when_commands_cease_it_stops_where_it_is(rig, commander, servos):
    loop = PacedLoop(1 / PERIOD_S, SystemClock())
    deadline = time.monotonic() + 20
    while pan(commander) < 0.1:
        assert time.monotonic() < deadline, "it does not move"
        commander.send(**{PAN: 1.5})
        loop.wait()
    assert servos()[PAN_ID]["watchdog"] == 5, "the servos are on watch"

    def rests_at_its_goal() -> bool:
        servo = servos()[PAN_ID]
        return abs(servo["ticks"] - servo["goal_ticks"]) < 5

    wait_for(rests_at_its_goal, 5, "the arm to rest")

    assert 0.02 < pan(commander) < 1.4, "on its way, not at the end of it"
    assert servos()[PAN_ID]["watchdog"] == 5, "the driver stopped it, not the servos' watchdog"


def test_an_impossible_command_is_refused_once_and_the_arm_stands(rig, commander, servos):
    before = servos()[PAN_ID]["goal_ticks"]

    commander.send_for(0.3, **{PAN: math.nan})
    commander.send_for(0.3, shoulder_pam=0.1)

    assert servos()[PAN_ID]["goal_ticks"] == before
    log = rig.log("follower_arm")
    assert log.count("refused: joint shoulder_pan: goal nan is not finite; nothing sent") == 1
    assert log.count("refused: no joint 'shoulder_pam' on this follower") == 1


def test_a_killed_driver_leaves_an_arm_that_the_servos_stop_themselves(rig, commander, servos):
    commander.send_for(0.5, **{PAN: 0.2})

    rig.session.supervisor.children["follower_arm"].signal(signal.SIGKILL)

    wait_for(lambda: servos()[PAN_ID]["watchdog"] == 255, 5, "the bus watchdog to trip")


def test_an_ended_driver_holds_the_arm(rig, commander, servos):
    commander.send_for(0.5, **{PAN: 0.2})
    child = rig.session.supervisor.children["follower_arm"]

    child.signal(signal.SIGINT)
    wait_for(lambda: child.handle.poll() is not None, 10, "the driver to end")

    client = EmulatorClient(control_socket("sim://follower_main"))
    status = client.status()
    client.close()
    assert set(status["torque"].values()) == {True}
    assert {servo["watchdog"] for servo in status["servos"].values()} == {0}


def test_diagnostics_tell_what_the_servos_are(rig, commander):
    seen: dict[str, str] = {}

    def told() -> bool:
        for status in commander.diagnostics():
            if status.name == "follower_arm: follower main":
                seen.update({v.key: v.value for v in status.values})
        return f"servo: {PAN}" in seen

    wait_for(told, 10, "diagnostics of the follower")
    servo = json.loads(seen[f"servo: {PAN}"])
    assert servo["model"] == "XL430-W250"
    assert (servo["return_delay_us"], servo["voltage_v"], servo["temperature_c"]) == (0, 5.0, 30)
    assert seen["latency_timer_ms"] == "unknown"
    assert seen["connected"] == "True"
