"""The contract of wrench sources, kept by a sensor that another node publishes, over real DDS."""

import threading
import time

import numpy as np
import pytest
import rclpy
from geometry_msgs.msg import WrenchStamped
from support.contracts.wrench import WrenchContract

from teleop_collect import topics
from teleop_collect.cli.domain import claim_free_domain
from teleop_collect.clock import PacedLoop, SystemClock
from teleop_collect.nodes.conversions import time_message
from teleop_collect.nodes.rig_check_observing import decode
from teleop_collect.nodes.stream_readers import StreamReader
from teleop_collect.rig.config import Wrench
from teleop_collect.rig.load import LoadedRig, load_rig
from teleop_collect.rig.streams import streams_of

SOURCE = "/force_torque_sensor_broadcaster/wrench"
RATE_HZ = 500
NOISE_N = 0.05
WAIT_S = 10.0


class Broadcaster:
    """Publishes what a wrist feels, as ros2_control's force_torque_sensor_broadcaster does."""

    def __init__(self, node, frame_id):
        self.force_n = (0.0, 0.0, 0.0)
        self._publisher = node.create_publisher(WrenchStamped, SOURCE, 10)
        self._frame_id, self._clock = frame_id, SystemClock()
        self._noise = np.random.default_rng(0)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        loop = PacedLoop(RATE_HZ, self._clock)
        while not self._ends.is_set():
            message = WrenchStamped()
            message.header.stamp = time_message(self._clock.utc_ns())
            message.header.frame_id = self._frame_id
            x, y, z, *torque = self._noise.normal(0.0, NOISE_N, 6)
            force = message.wrench.force
            force.x, force.y, force.z = np.array([x, y, z]) + self.force_n
            message.wrench.torque.x, message.wrench.torque.y, message.wrench.torque.z = torque
            self._publisher.publish(message)
            loop.wait()

    def close(self):
        self._ends.set()
        self._thread.join(5.0)


class TopicStand:
    """Reads the stream as rig check and recorder do."""

    def __init__(self, node):
        shipped = load_rig("sim_tabletop")
        wrench = Wrench(driver="topic", topic=SOURCE, rate_hz=RATE_HZ, frame_id="tool0")
        arm = shipped.rig.arms["main"].model_copy(update={"wrench": wrench})
        rig = shipped.rig.model_copy(update={"arms": {"main": arm}})
        self.loaded = LoadedRig(rig, shipped.path, shipped.sha256, shipped.text)
        stream = next(s for s in streams_of(rig) if s.topic == topics.FOLLOWER_WRENCH)
        self._reader = StreamReader(node, stream)
        self.broadcaster = Broadcaster(node, wrench.frame_id)

    def take(self, count):
        end = time.monotonic() + WAIT_S
        samples = []
        list(self._reader.drain())
        while len(samples) < count:
            self._reader.refresh()
            for taken in self._reader.drain():
                samples.append(decode(topics.WRENCH_STAMPED, taken.message))
            assert time.monotonic() < end, f"{len(samples)} of {count} samples in {WAIT_S} s"
            time.sleep(0.005)
        return samples[:count]

    def push(self, force_n):
        self.broadcaster.force_n = force_n

    def close(self):
        self.broadcaster.close()
        self._reader.close()


@pytest.fixture(scope="module")
def node():
    number, lock = claim_free_domain()
    context = rclpy.Context()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        rclpy.init(args=[], context=context, domain_id=number)
        node = rclpy.create_node("wrench_under_test", context=context)
        yield node
        node.destroy_node()
        rclpy.shutdown(context=context)
    lock.close()


class TestSensorOfAnotherNode(WrenchContract):
    @pytest.fixture
    def stand(self, node):
        stand = TopicStand(node)
        yield stand
        stand.close()
