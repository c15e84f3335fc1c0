"""Node `follower_arm`: drives every Dynamixel follower of the rig.

Each period it reads the joints and sends the newest command in one turn of the bus. Without a fresh
command the arm holds; should this process stall or die, the servos' own bus watchdog stops it.
"""

from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from teleop_collect import topics
from teleop_collect.clock import NS_PER_S, SystemClock
from teleop_collect.devices.registry import create_follower
from teleop_collect.errors import ConfigError
from teleop_collect.nodes.calibrated_rig import calibrated_rig
from teleop_collect.nodes.cdr_layout import joint_state_cdr
from teleop_collect.nodes.device_loop import DeviceLoop, run_loops
from teleop_collect.nodes.diagnostics import DiagnosticsPublisher, Row
from teleop_collect.nodes.host import Host, run_node
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.robot_descriptions import publish_descriptions
from teleop_collect.nodes.sample_decoders import CommandDecoder
from teleop_collect.nodes.servo_values import servo_values
from teleop_collect.process import prefer_control
from teleop_collect.rig.config import Arm, DynamixelFollower
from teleop_collect.rig.description import JointBounds, descriptions_of, effective_limits
from teleop_collect.rig.runtime import device_path


class FollowerDriver:
    """One arm: commands in, joints out."""

    def __init__(
        self, host: Host, name: str, arm: Arm, bounds: dict[str, JointBounds], hold_after_s: float
    ) -> None:
        assert isinstance(arm.follower, DynamixelFollower)
        self._config, self._host, self._name = arm.follower, host, name
        self._clock = SystemClock()
        self._device = create_follower(arm.follower, self._clock, bounds)
        self._hold_after_ns = round(hold_after_s * NS_PER_S)
        self._commanded_ns: int | None = None
        self._taken_ns: int | None = None
        self._refused, self._refusal, self._holds = 0, "", 0
        node = host.node
        self._commands = PolledSubscription(
            node,
            JointTrajectory,
            arm.follower.command_topic,
            profile(topics.COMMAND_QOS),
            decode=CommandDecoder(),
        )
        topic = topics.arm_topic(arm.prefix, topics.FOLLOWER_JOINT_STATES)
        self._joints = node.create_publisher(JointState, topic, profile(topics.FAST_QOS))
        self.loop = DeviceLoop(
            host,
            f"follower {name}",
            self._device,
            self._step,
            arm.follower.rate_hz,
            connected=self._forget_commands,
            facts=self._facts,
        )

    def _step(self) -> None:
        self._hold_when_stale()
        try:
            sample = self._device.exchange(self._newest_goals)
        except ConfigError as error:
            self._taken_ns = None
            self._refuse(str(error))
            sample = self._device.read()
        finally:
            # Goals leave though an answer is lost.
            self._commanded_ns, self._taken_ns = self._taken_ns or self._commanded_ns, None
        self._joints.publish(joint_state_cdr(sample))

    def _newest_goals(self) -> dict[str, float] | None:
        """The newest command, where there is one that is whole and fresh."""
        try:
            taken = self._commands.newest()
        except ValueError as error:
            self._refuse(str(error))
            return None
        if taken is None:
            return None
        if self._clock.utc_ns() - taken.received_ns > self._hold_after_ns:
            self._refuse("command came too late")
            return None
        positions: dict[str, float] = taken.message
        if not positions:
            self._refuse("command without points")
            return None
        self._taken_ns = self._clock.monotonic_ns()
        return positions

    def _refuse(self, reason: str) -> None:
        """Count a command that is not sent; say why, once."""
        self._refused += 1
        if reason != self._refusal:
            self._refusal = reason
            self._host.node.get_logger().error(f"follower {self._name}: refused: {reason}")

    def _hold_when_stale(self) -> None:
        """The node's own watchdog: what moved stops where it is once commands cease."""
        if self._commanded_ns is None:
            return
        if self._clock.monotonic_ns() - self._commanded_ns > self._hold_after_ns:
            self._commanded_ns = None
            self._holds += 1
            self._device.hold()

    def _forget_commands(self) -> None:
        """After a loss the arm waits for a command that was made for where it is now."""
        self._commanded_ns = None
        self._commands.forget()

    def _facts(self) -> dict[str, object]:
        device = self._device
        return {
            "refused_commands": self._refused,
            "holds": self._holds,
            **vars(getattr(device, "counters", object())),
            **servo_values(getattr(device, "facts", {}), str(device_path(self._config.port))),
        }


class FollowerArmNode:
    """All Dynamixel followers of a rig."""

    def __init__(self, host: Host) -> None:
        self._host = host
        calibrated = calibrated_rig(host)
        loaded = calibrated.loaded
        arms = {n: a for n, a in calibrated.rig.arms.items() if a.follower.driver == "dynamixel"}
        if not arms:
            raise ConfigError(f"{loaded.path}: no follower with driver 'dynamixel' to drive")
        descriptions = descriptions_of(loaded.rig, loaded.path)
        hold_after_s = loaded.rig.teleop.watchdog.hold_after_s
        self._descriptions = publish_descriptions(host.node, arms, loaded.path)
        self._loops = [
            FollowerDriver(
                host, name, arm, effective_limits(arm, descriptions[name]), hold_after_s
            ).loop
            for name, arm in arms.items()
        ]
        self._diagnostics = DiagnosticsPublisher(host, self._rows)

    def run(self) -> None:
        """Drive all arms until the stop."""
        run_loops(self._host, self._loops)

    def _rows(self) -> list[Row]:
        return [loop.row("follower_arm") for loop in self._loops]

    def close(self) -> None:
        """Hold or let go, as the rig file says, and release all ports."""
        for loop in self._loops:
            loop.close()


def main() -> int:
    """Entry point."""
    prefer_control()
    return run_node("follower_arm", FollowerArmNode)


if __name__ == "__main__":
    raise SystemExit(main())
