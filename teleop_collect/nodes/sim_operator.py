"""Node `sim_operator`: the scripted operator of a simulated rig.

When an episode starts it looks at the scene, moves the emulated leader arm as a person would, and
says when it is done. It never touches the follower: everything goes through the leader's bus.
"""

import json
from typing import Any

from geometry_msgs.msg import PoseStamped
from std_msgs.msg import String

from teleop_collect import topics
from teleop_collect.devices.bus_emulator.client import EmulatorClient
from teleop_collect.devices.sim.operator import ScriptedOperator
from teleop_collect.errors import TeleopCollectError
from teleop_collect.nodes import conversions
from teleop_collect.nodes.host import Host, run_node
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.process import prefer_background
from teleop_collect.rig.processes import emulated_leaders
from teleop_collect.rig.runtime import control_socket
from teleop_collect.samples import Pose

POLL_S = 0.05


class SimOperatorNode:
    """Watches for episodes and performs the task on the emulated leader."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._loaded = host.rig()
        self._seed = int(host.parameter("seed", 0, "seed of the operator's next attempt"))
        self._operator = ScriptedOperator(self._loaded.rig, self._loaded.path)
        self._hands = {
            name: EmulatorClient(control_socket(port))
            for name, port in emulated_leaders(self._loaded.rig).items()
        }
        self._poses: dict[str, Pose] = {}
        self._episode: dict[str, Any] = {}
        node = host.node
        self._eyes = {
            name: PolledSubscription(
                node, PoseStamped, topics.object_topic(name), profile(topics.FAST_QOS, depth=1)
            )
            for name in self._loaded.rig.objects
        }
        node.create_subscription(
            String, topics.EPISODE, self._on_episode, profile(topics.LATCHED_QOS)
        )
        self._status = node.create_publisher(
            String, topics.SIM_OPERATOR_STATUS, profile(topics.LATCHED_QOS)
        )
        self._attempt = 0

    def _look(self) -> bool:
        for name, eye in self._eyes.items():
            if (taken := eye.newest()) is not None:
                self._poses[name] = conversions.pose_sample(taken.message).pose
        return self._poses.keys() == self._eyes.keys()

    def _on_episode(self, message: String) -> None:
        self._episode = json.loads(message.data)

    def run(self) -> None:
        """Rest at home, then perform once for each episode that starts."""
        self._publish("idle", "")
        done = ""
        while not self._host.stop.wait(POLL_S):
            episode_id = str(self._episode.get("episode_id", ""))
            recording = self._episode.get("state") == "recording"
            if recording and episode_id != done and self._look():
                self._perform(episode_id)
                done = episode_id

    def _perform(self, episode_id: str) -> None:
        seed = int(self._host.node.get_parameter("seed").value) + self._attempt
        self._attempt += 1
        try:
            plan = self._operator.plan(self._poses, seed)
            intended = plan.intended_outcome.value
            self._publish("performing", episode_id, intended=intended)
            for arm, trajectory in plan.leader_trajectories().items():
                self._hands[arm].play(trajectory)
            while not self._host.stop.wait(POLL_S) and self._is_moving(episode_id):
                pass
            self._publish("done", episode_id, intended=intended)
        except TeleopCollectError as error:
            self._host.node.get_logger().error(str(error))
            self._publish("failed", episode_id, reason=str(error))

    def _is_moving(self, episode_id: str) -> bool:
        if self._episode.get("episode_id") != episode_id:
            return False
        if self._episode.get("state") != "recording":
            return False
        return any(hand.status()["playing"] for hand in self._hands.values())

    def _publish(self, state: str, episode_id: str, **more: object) -> None:
        status = {"state": state, "episode_id": episode_id, **more}
        self._status.publish(String(data=json.dumps(status)))

    def close(self) -> None:
        """Let go of the leader."""
        for hand in self._hands.values():
            hand.close()


def main() -> int:
    """Entry point."""
    prefer_background()
    return run_node("sim_operator", SimOperatorNode)


if __name__ == "__main__":
    raise SystemExit(main())
