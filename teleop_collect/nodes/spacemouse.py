"""Node `spacemouse`: reads every SpaceMouse of the rig and publishes twist and buttons.

At rest it publishes zero twists at the full rate, so silence means that the mouse is gone.
"""

from geometry_msgs.msg import TwistStamped
from sensor_msgs.msg import Joy

from teleop_collect import topics
from teleop_collect.clock import SystemClock
from teleop_collect.devices.protocols import TwistSource
from teleop_collect.devices.registry import create_twist_source
from teleop_collect.errors import ConfigError
from teleop_collect.nodes import conversions
from teleop_collect.nodes.device_loop import DeviceLoop, run_loops
from teleop_collect.nodes.diagnostics import DiagnosticsPublisher, Row
from teleop_collect.nodes.host import Host, run_node
from teleop_collect.nodes.qos import profile
from teleop_collect.process import prefer_control
from teleop_collect.rig.config import Arm, SpaceMouseLeader
from teleop_collect.rig.description import RobotDescription, descriptions_of
from teleop_collect.samples import TwistSample


class MousePublisher:
    """One mouse's topics and its thread."""

    def __init__(self, host: Host, name: str, arm: Arm, description: RobotDescription) -> None:
        assert isinstance(arm.leader, SpaceMouseLeader)
        frame_id = description.root if arm.leader.frame == "base" else arm.tool_frame
        self._device: TwistSource = create_twist_source(arm.leader, SystemClock(), frame_id)
        qos = profile(topics.FAST_QOS)

        def topic(name: str) -> str:
            return topics.arm_topic(arm.prefix, name)

        node = host.node
        self._twist = node.create_publisher(TwistStamped, topic(topics.SPACEMOUSE_TWIST), qos)
        self._joy = node.create_publisher(Joy, topic(topics.SPACEMOUSE_JOY), qos)
        self.loop = DeviceLoop(
            host,
            f"spacemouse {name}",
            self._device,
            self._step,
            arm.leader.rate_hz,
            lost=self._rest,
            facts=self._facts,
        )

    def _step(self) -> None:
        self._publish(self._device.read())

    def _rest(self) -> None:
        """One zero twist when the mouse is lost, so that nobody acts on the last deflection."""
        self._publish(self._device.rest())

    def _publish(self, sample: TwistSample) -> None:
        # Buttons first: whoever takes the twist finds those of the same moment.
        self._joy.publish(conversions.joy(sample))
        self._twist.publish(conversions.twist_stamped(sample))

    def _facts(self) -> dict[str, object]:
        return {"mouse": getattr(self._device, "mouse", None) or "none"}


class SpaceMouseNode:
    """All SpaceMice of a rig."""

    def __init__(self, host: Host) -> None:
        self._host = host
        loaded = host.rig()
        arms = {n: a for n, a in loaded.rig.arms.items() if a.leader.driver == "spacemouse"}
        if not arms:
            raise ConfigError(f"{loaded.path}: no leader with driver 'spacemouse' to read")
        descriptions = descriptions_of(loaded.rig, loaded.path)
        self._loops = [
            MousePublisher(host, name, arm, descriptions[name]).loop for name, arm in arms.items()
        ]
        self._diagnostics = DiagnosticsPublisher(host, self._rows)

    def run(self) -> None:
        """Read all mice until the stop."""
        run_loops(self._host, self._loops)

    def _rows(self) -> list[Row]:
        return [loop.row("spacemouse") for loop in self._loops]

    def close(self) -> None:
        """Release all mice."""
        for loop in self._loops:
            loop.close()


def main() -> int:
    """Entry point."""
    prefer_control()
    return run_node("spacemouse", SpaceMouseNode)


if __name__ == "__main__":
    raise SystemExit(main())
