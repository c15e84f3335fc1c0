"""A moving arm comes to rest when teleoperation is killed, or a check's motion is stopped.

How soon after a kill is measured by the bench `teleop_stall`; here it must come to rest, by itself,
well within a second even on a busy machine, and stay.
"""

import math
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import rclpy
import yaml
from sensor_msgs.msg import JointState
from support.graph import RunningRig, running_rig, wait_for, wait_for_check

from teleop_collect import topics
from teleop_collect.devices.bus_emulator.client import EmulatorClient
from teleop_collect.errors import DeviceError
from teleop_collect.nodes import conversions
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.rig_client import RigClient
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.runtime import control_socket

pytestmark = pytest.mark.timeout(240)

MOVING, AT_REST = 0.15, 0.02
QUIET_SAMPLES = 50
"""Joint states in a row without motion that count as rest: a quarter of a second."""
REST_S = 1.0
"""From the kill to the last sample with motion, by that sample's own stamp."""
PROCESSES = ("leader_bus_emulator_main", "leader_arm", "sim_rig", "teleop", "rig_check")


class Follower:
    """Hears the follower's joint states."""

    def __init__(self) -> None:
        self._context = rclpy.Context()
        rclpy.init(args=[], context=self._context)
        self._node = rclpy.create_node("follower_watch", context=self._context)
        qos = profile(topics.FAST_QOS, depth=2000)
        self._joints = PolledSubscription(self._node, JointState, topics.FOLLOWER_JOINT_STATES, qos)
        self.quiet = 0
        self.moved_ns = 0
        """Stamp of the newest sample in which a joint moved."""
        self.positions: tuple[float, ...] = ()

    def speed(self) -> float:
        """Of the fastest joint since the last call; 0 when nothing was heard."""
        fastest = 0.0
        for taken in self._joints.drain():
            sample = conversions.joint_sample(taken.message)
            speed = max(map(abs, sample.velocity))
            fastest, self.positions = max(fastest, speed), sample.position
            self.quiet = self.quiet + 1 if speed < AT_REST else 0
            self.moved_ns = self.moved_ns if speed < AT_REST else sample.stamp_ns
        return fastest

    def rests(self) -> bool:
        self.speed()
        return self.quiet >= QUIET_SAMPLES

    def close(self) -> None:
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kill")
    data = yaml.safe_load(load_rig("sim_tabletop").text) | {"cameras": {}}
    path = folder / "rig.yaml"
    path.write_text(yaml.safe_dump(data))
    with running_rig(folder, str(path), PROCESSES, checked=True) as running:
        yield running


@pytest.fixture
def follower():
    follower = Follower()
    yield follower
    follower.close()


def move_leader(rig: RunningRig) -> None:
    arm = rig.loaded.rig.arms["main"]
    home = arm.home["shoulder_pan"]
    rows = [[home + 0.25 * min(n / 50, 1.0) * math.sin(0.08 * n)] for n in range(15_000)]
    hand = EmulatorClient(control_socket(arm.leader.port))
    hand.play({"rate_hz": 50, "joints": ["shoulder_pan"], "positions": rows})
    hand.close()


def engages(rig: RunningRig) -> bool:
    try:
        return rig.client.set_bool(topics.TELEOP_ENGAGE, True, timeout_s=2.0).success
    except DeviceError:
        return False  # the request went to the node that was killed


def test_a_software_stop_stops_the_motion_of_a_check_too(rig, follower):
    wait_for_check(rig)
    rig.client.set_parameters("rig_check", {"motion": True})
    with RigClient() as checker, ThreadPoolExecutor(1) as pool:
        check = pool.submit(checker.trigger, topics.RIG_CHECK_RUN, 90)
        wait_for(lambda: follower.speed() > MOVING, 60, "the check to move the arm")
        assert rig.client.trigger(topics.TELEOP_STOP).success
        answer = check.result(90)
    assert not answer.success
    assert "broken off: teleoperation is fault (software stop requested" in answer.message
    follower.quiet = 0
    wait_for(follower.rests, 20, "the follower to rest")
    assert rig.client.set_bool(topics.TELEOP_ENGAGE, False).success
    rig.client.set_parameters("rig_check", {"motion": False})


def test_a_follower_comes_to_rest_and_stays_when_teleoperation_is_killed(rig, follower):
    """Runs last: Fast DDS 2.14 may leave a process deaf that follows on a killed one."""
    wait_for_check(rig)
    move_leader(rig)
    wait_for(lambda: engages(rig), 60, "engaging")
    wait_for(lambda: follower.speed() > MOVING, 30, "the follower to move")
    running = rig.session.supervisor.children["teleop"].handle

    killed_ns = time.time_ns()
    running.kill()
    running.wait(20)

    follower.quiet = 0
    wait_for(follower.rests, 20, "the follower to rest")
    assert (follower.moved_ns - killed_ns) / 1e9 <= REST_S
    before = follower.positions
    follower.quiet = 0
    wait_for(follower.rests, 20, "the follower to stay")
    assert follower.positions == pytest.approx(before, abs=1e-3)
