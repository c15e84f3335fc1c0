"""Node `leader_arm`: reads every Dynamixel leader of the rig and publishes its joints."""

from sensor_msgs.msg import JointState

from teleop_collect.clock import SystemClock
from teleop_collect.devices.registry import create_leader
from teleop_collect.errors import ConfigError
from teleop_collect.nodes.calibrated_rig import calibrated_rig
from teleop_collect.nodes.cdr_layout import joint_state_cdr
from teleop_collect.nodes.device_loop import DeviceLoop, run_loops
from teleop_collect.nodes.diagnostics import DiagnosticsPublisher, Row
from teleop_collect.nodes.host import Host, run_node
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.servo_values import servo_values
from teleop_collect.process import prefer_control
from teleop_collect.rig.config import DynamixelLeader
from teleop_collect.rig.runtime import device_path
from teleop_collect.topics import FAST_QOS, LEADER_JOINT_STATES, arm_topic


def leader_loop(host: Host, name: str, prefix: str, config: DynamixelLeader) -> DeviceLoop:
    """The thread that reads one leader arm."""
    device = create_leader(config, SystemClock())
    topic = arm_topic(prefix, LEADER_JOINT_STATES)
    publisher = host.node.create_publisher(JointState, topic, profile(FAST_QOS))

    def step() -> None:
        publisher.publish(joint_state_cdr(device.read()))

    def facts() -> dict[str, object]:
        return servo_values(getattr(device, "facts", {}), str(device_path(config.port)))

    return DeviceLoop(host, f"leader {name}", device, step, config.rate_hz, facts=facts)


class LeaderArmNode:
    """All Dynamixel leaders of a rig."""

    def __init__(self, host: Host) -> None:
        self._host = host
        calibrated = calibrated_rig(host)
        loaded = calibrated.loaded
        self._loops = [
            leader_loop(host, name, arm.prefix, arm.leader)
            for name, arm in calibrated.rig.arms.items()
            if isinstance(arm.leader, DynamixelLeader)
        ]
        if not self._loops:
            raise ConfigError(f"{loaded.path}: no leader with driver 'dynamixel' to read")
        self._diagnostics = DiagnosticsPublisher(host, self._rows)

    def run(self) -> None:
        """Read all arms until the stop."""
        run_loops(self._host, self._loops)

    def _rows(self) -> list[Row]:
        return [loop.row("leader_arm") for loop in self._loops]

    def close(self) -> None:
        """Release all ports."""
        for loop in self._loops:
            loop.close()


def main() -> int:
    """Entry point."""
    prefer_control()
    return run_node("leader_arm", LeaderArmNode)


if __name__ == "__main__":
    raise SystemExit(main())
