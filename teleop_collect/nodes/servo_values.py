"""What servos say of themselves, as values of a diagnostic status."""

import json
from collections.abc import Mapping

from teleop_collect.devices.dynamixel.facts import ServoFacts
from teleop_collect.devices.dynamixel.latency import latency_timer_ms
from teleop_collect.devices.dynamixel.models import model_name
from teleop_collect.rig.checks.servo_state import SERVO_PREFIX


def servo_values(facts: Mapping[str, ServoFacts], port_path: str) -> dict[str, object]:
    """State of each servo as JSON by joint, and the adapter's latency timer.

    Args:
        facts: by joint name; empty before the arm was connected.
        port_path: the arm's port.
    """
    latency_ms = latency_timer_ms(port_path)
    values: dict[str, object] = {
        "latency_timer_ms": "unknown" if latency_ms is None else latency_ms
    }
    for joint, servo in facts.items():
        values[f"{SERVO_PREFIX}{joint}"] = json.dumps(_state(servo))
    return values


def _state(servo: ServoFacts) -> dict[str, object]:
    """See `rig.checks.servo_state.ServoState`."""
    return {
        "model": model_name(servo.model_number),
        "firmware": servo.firmware,
        "return_delay_us": round(servo.return_delay_s * 1e6, 1),
        "min_ticks": servo.min_position_ticks,
        "max_ticks": servo.max_position_ticks,
        "voltage_v": servo.health.voltage_v,
        "min_voltage_v": servo.min_voltage_v,
        "max_voltage_v": servo.max_voltage_v,
        "temperature_c": servo.health.temperature_c,
        "max_temperature_c": servo.max_temperature_c,
        "hardware_error": servo.hardware_error,
    }
