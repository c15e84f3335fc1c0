"""What servos say of themselves, as values of a diagnostic status."""

from collections.abc import Mapping

from teleop_collect.devices.dynamixel.facts import ServoFacts
from teleop_collect.devices.dynamixel.latency import latency_timer_ms
from teleop_collect.devices.dynamixel.models import model_name


def servo_values(facts: Mapping[str, ServoFacts], port_path: str) -> dict[str, object]:
    """Model, firmware, limits and delays by joint, and the adapter's latency timer.

    Args:
        facts: by joint name; empty before the arm was connected.
        port_path: the arm's port.
    """
    latency_ms = latency_timer_ms(port_path)
    values: dict[str, object] = {
        "latency_timer_ms": "unknown" if latency_ms is None else latency_ms
    }
    for joint, servo in facts.items():
        values[joint] = (
            f"{model_name(servo.model_number)}, firmware {servo.firmware}, "
            f"return delay {servo.return_delay_s * 1e6:g} us, "
            f"limits {servo.min_position_ticks} to {servo.max_position_ticks} ticks"
        )
    return values
