"""The parameter by which simulated devices are told to be faulty."""

from collections.abc import Callable, Mapping

from rcl_interfaces.msg import SetParametersResult
from rclpy.parameter import Parameter

from teleop_collect.devices.sim.faults import Faults, parsed_faults
from teleop_collect.errors import ConfigError
from teleop_collect.nodes.host import Host

FAULTS = "faults"


def watch_faults(
    host: Host,
    kind: type[Faults],
    known: Mapping[str, object],
    take: Callable[[Mapping[str, Faults]], None],
) -> None:
    """Declare the parameter and hand over faults whenever it is set; a wrong value is refused.

    Args:
        host: the process's ROS side.
        kind: `ArmFaults` or `CameraFaults`.
        known: names of what can be faulty.
        take: gets the faults by name.

    Raises:
        ConfigError: the value at the start is wrong.
    """

    def on_set(parameters: list[Parameter]) -> SetParametersResult:
        for parameter in parameters:
            if parameter.name == FAULTS:
                try:
                    take(parsed_faults(str(parameter.value), kind, known))
                except ConfigError as error:
                    return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    text = host.parameter(FAULTS, "{}", "JSON: faults to show, by name (devices/sim/faults.py)")
    take(parsed_faults(str(text), kind, known))
    host.node.add_on_set_parameters_callback(on_set)
