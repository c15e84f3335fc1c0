"""Node `sim_rig`: the simulated followers: physics in real time, joints, wrench and object poses.

Rendering is not here: this process hands each physics state to the camera process.
"""

import json
import time
from collections.abc import Mapping

from geometry_msgs.msg import PoseStamped, WrenchStamped
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from teleop_collect import topics
from teleop_collect.clock import PacedLoop, SystemClock
from teleop_collect.devices.sim.faults import ArmFaults
from teleop_collect.devices.sim.faulty_follower import FaultyFollower
from teleop_collect.devices.sim.follower_sensors import FollowerSensors
from teleop_collect.devices.sim.state_file import StateWriter
from teleop_collect.devices.sim.world import SimWorld
from teleop_collect.errors import ConfigError
from teleop_collect.nodes.calibrated_rig import calibrated_rig
from teleop_collect.nodes.cdr_layout import joint_state_cdr, pose_cdr, wrench_cdr
from teleop_collect.nodes.diagnostics import DiagnosticsPublisher, Row
from teleop_collect.nodes.host import Host, answering, run_node
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.robot_descriptions import publish_descriptions
from teleop_collect.nodes.sample_decoders import CommandDecoder
from teleop_collect.nodes.sim_faults import watch_faults
from teleop_collect.process import prefer_control
from teleop_collect.rig.config import Arm
from teleop_collect.rig.description import descriptions_of
from teleop_collect.rig.runtime import sim_state_path

STATE_HZ = 200
COMMANDS_HZ = 500
"""How often the newest command is looked for, at least."""
"""Rate at which the camera process gets a new physics state."""


class SimulatedFollower:
    """Topics of one simulated arm: commands in, joints and wrench out."""

    def __init__(self, node: Node, name: str, arm: Arm, sensors: FollowerSensors) -> None:
        self.name = name
        self.arm = arm
        self._sensors = sensors
        self.faulty = FaultyFollower()
        self._commands = PolledSubscription(
            node,
            JointTrajectory,
            arm.follower.command_topic,
            profile(topics.COMMAND_QOS, depth=10),
            decode=CommandDecoder(),
        )
        self._joints = node.create_publisher(
            JointState,
            topics.arm_topic(arm.prefix, topics.FOLLOWER_JOINT_STATES),
            profile(topics.FAST_QOS),
        )
        self._wrench = node.create_publisher(
            WrenchStamped,
            topics.arm_topic(arm.prefix, topics.FOLLOWER_WRENCH),
            profile(topics.FAST_QOS),
        )

    def take_command(self, world: SimWorld) -> None:
        """Hand the newest command to the physics."""
        taken = self._commands.newest()
        asked = None if taken is None else taken.message
        positions = self.faulty.due(time.monotonic_ns(), asked)
        if positions is not None:
            done = self.faulty.executed(positions, world.joint_sample(self.name, 0))
            world.command(self.name, self._sensors.targets(done))

    def publish_joints(self, world: SimWorld, stamp_ns: int) -> None:
        """Publish the measured joints."""
        sample = self._sensors.reported(world.joint_sample(self.name, stamp_ns))
        self._joints.publish(joint_state_cdr(self.faulty.joints(sample)))

    def publish_wrench(self, world: SimWorld, stamp_ns: int) -> None:
        """Publish the measured wrench."""
        joints = self._sensors.reported(world.joint_sample(self.name, stamp_ns))
        wrench = self._sensors.corrected(world.wrench_sample(self.name, stamp_ns), joints)
        self._wrench.publish(wrench_cdr(self.faulty.wrench(wrench)))


class SimRigNode:
    """Physics paced in real time, with everything that is read from it."""

    def __init__(self, host: Host) -> None:
        self._host = host
        calibrated = calibrated_rig(host)
        loaded = calibrated.loaded
        self._rig = rig = loaded.rig
        if rig.sim is None:
            raise ConfigError(f"{loaded.path}: rig {rig.name!r} has no section 'sim' to simulate")
        node = host.node
        self._clock = SystemClock()
        self._sim = rig.sim
        self._seed = int(host.parameter("seed", rig.sim.seed, "seed of the next scene"))
        self._world = SimWorld(rig, self._seed, loaded.path)
        self._state = StateWriter(sim_state_path(), self._world)
        descriptions = descriptions_of(rig, loaded.path)
        self._followers = [
            SimulatedFollower(
                node, n, a, FollowerSensors(rig, n, descriptions[n], calibrated.calibrations)
            )
            for n, a in rig.arms.items()
        ]
        watch_faults(host, ArmFaults, rig.arms, self._take_faults)
        host.parameter("place", "{}", "JSON: joint positions by arm, put there by sim/place")
        node.create_service(Trigger, topics.SIM_PLACE, answering(lambda _: self._place()))
        self._poses = {
            name: node.create_publisher(
                PoseStamped, topics.object_topic(name), profile(topics.FAST_QOS)
            )
            for name in rig.objects
        }
        self._descriptions = publish_descriptions(node, rig.arms, loaded.path)
        self._scene = node.create_publisher(String, topics.SIM_SCENE, profile(topics.LATCHED_QOS))
        self._publish_scene()
        self._loop = PacedLoop(rig.sim.physics_hz, self._clock, max_lag_periods=50)
        node.create_service(Trigger, topics.SIM_RESET, self._on_reset)
        self._diagnostics = DiagnosticsPublisher(host, self._rows)

    def run(self) -> None:
        """Step the physics in real time until the stop.

        Wakes where something is due, not for each physics step: a wake-up costs more than a step.
        """
        tick, strides = 0, self._strides()
        while not self._host.stop.is_set:
            steps = min(stride - tick % stride for stride in strides)
            self._loop.wait(steps)
            tick += steps
            with self._host.lock:
                self._tick(tick, steps)

    def _strides(self) -> set[int]:
        """Physics steps between two times at which something is due."""
        arms = self._rig.arms.values()
        rates = {STATE_HZ, COMMANDS_HZ, *(arm.follower.rate_hz for arm in arms)}
        rates |= {arm.wrench.rate_hz for arm in arms if arm.wrench}
        rates |= {found.rate_hz for found in self._rig.objects.values()}
        return {round(self._sim.physics_hz / rate_hz) for rate_hz in rates}

    def _tick(self, tick: int, steps: int) -> None:
        for follower in self._followers:
            follower.take_command(self._world)
        self._world.step(steps)
        stamp_ns = self._clock.utc_ns()
        for follower in self._followers:
            if self._due(tick, follower.arm.follower.rate_hz):
                follower.publish_joints(self._world, stamp_ns)
            if follower.arm.wrench and self._due(tick, follower.arm.wrench.rate_hz):
                follower.publish_wrench(self._world, stamp_ns)
        for name, publisher in self._poses.items():
            if self._due(tick, self._rig.objects[name].rate_hz):
                pose = self._world.object_pose(name, stamp_ns)
                publisher.publish(pose_cdr(pose))
        if self._due(tick, STATE_HZ):
            self._state.write(self._world, stamp_ns)

    def _due(self, tick: int, rate_hz: float) -> bool:
        return tick % round(self._sim.physics_hz / rate_hz) == 0

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        with self._host.lock:
            self._seed = int(self._host.node.get_parameter("seed").value)
            self._world.reset(self._seed)
        response.success, response.message = True, self._publish_scene()
        return response

    def _place(self) -> str:
        """Put arms where the parameter `place` says, as a person does with a gauge."""
        text = str(self._host.node.get_parameter("place").value)
        try:
            places = {arm: dict(joints) for arm, joints in json.loads(text).items()}
        except (ValueError, TypeError, AttributeError) as error:
            raise ConfigError(f"parameter place is no JSON of joints by arm: {error}") from None
        with self._host.lock:
            for arm, joints in places.items():
                self._world.place(arm, {name: float(value) for name, value in joints.items()})
        return f"placed {', '.join(places)}"

    def _publish_scene(self) -> str:
        """Say what was drawn for the scene, so that it stands in every episode."""
        text = json.dumps({"seed": self._seed, **self._world.randomization})
        self._scene.publish(String(data=text))
        return text

    def _take_faults(self, faults: Mapping[str, ArmFaults]) -> None:
        for follower in self._followers:
            follower.faulty.faults = faults.get(follower.name, ArmFaults())

    def _rows(self) -> list[Row]:
        skipped = self._loop.skipped
        level = "warn" if skipped else "ok"
        values: dict[str, object] = {"seed": self._seed, "skipped_steps": skipped}
        for name in self._rig.arms:
            values[f"{name}: refused commands"] = self._world.refused(name)
            values[f"{name}: holding"] = self._world.holding(name)
        rows: list[Row] = [("sim_rig: physics", level, "real time", values)]
        for follower in self._followers:
            serial = follower.faulty.faults.serial or follower.arm.follower.serial
            name = f"sim_rig: follower {follower.name}"
            rows.append((name, "ok", "simulated", {"serial": serial}))
        return rows

    def close(self) -> None:
        """Take the state away from the camera process."""
        self._state.close()


def main() -> int:
    """Entry point."""
    prefer_control()
    return run_node("sim_rig", SimRigNode)


if __name__ == "__main__":
    raise SystemExit(main())
