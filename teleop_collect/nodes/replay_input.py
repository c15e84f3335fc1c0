"""A recorded motion in the leader's place, driven by `teleop-collect replay --to robot`."""

from rclpy.node import Node
from sensor_msgs.msg import JointState

from teleop_collect import topics
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.sample_decoders import JointStateDecoder
from teleop_collect.rig.config import Arm
from teleop_collect.samples import JointSample
from teleop_collect.teleop.chain import TeleopChain
from teleop_collect.teleop.replay.unmapping import Unmapping


class ReplayInput:
    """Feeds a chain with what a replay asks of the follower's joints."""

    def __init__(self, node: Node, arm: Arm, chain: TeleopChain) -> None:
        topic = topics.arm_topic(arm.prefix, topics.REPLAY_JOINT_STATES)
        self.arrivals = PolledSubscription(
            node, JointState, topic, profile(topics.FAST_QOS), decode=JointStateDecoder()
        )
        self._unmapping = Unmapping(arm.joints, arm.mapping)
        self._chain = chain

    def feed(self, now_ns: int, utc_ns: int, follower: JointSample | None) -> None:
        """Hand over every sample with its time of reception."""
        for taken in self.arrivals.drain():
            receive_ns = min(now_ns, taken.received_ns + now_ns - utc_ns)
            sample = self._unmapping.leader(taken.message)
            self._chain.leader_received(sample, receive_ns)
