"""How soon an arm is read again after each class of fault."""

import time
from collections.abc import Callable
from contextlib import suppress

from teleop_collect.devices.bus_emulator.client import EmulatorClient
from teleop_collect.devices.protocols import FollowerArm, LeaderArm
from teleop_collect.errors import DeviceError, DeviceTimeout

FAULT_S = 0.5
BOOT_S = 0.3
RECONNECT_S = 0.2
PERIOD_S = 0.005

Arm = LeaderArm | FollowerArm
Fault = tuple[Callable[[], None], Callable[[], None], float]
"""How it begins, how it ends, how long it lasts."""


def recovery_ms(
    arm: Arm, begin: Callable[[], None], end: Callable[[], None], fault_s: float = FAULT_S
) -> float:
    """From a fault's end until a sample measured after it has been read, as a node reads."""
    begin()
    until = time.monotonic() + fault_s
    while time.monotonic() < until:
        read_as_a_node(arm)
    end()
    ended_s, ended_ns = time.monotonic(), time.time_ns()
    while (stamp_ns := read_as_a_node(arm)) is None or stamp_ns < ended_ns:
        continue
    return 1000 * (time.monotonic() - ended_s)


def read_as_a_node(arm: Arm) -> int | None:
    """Read once, 5 ms later than the last time; connect again 0.2 s after a loss."""
    time.sleep(PERIOD_S)
    try:
        return arm.read().stamp_ns
    except DeviceTimeout:
        return None
    except DeviceError:
        arm.close()
        time.sleep(RECONNECT_S)
        with suppress(DeviceError):
            arm.connect()
        return None


def faults_of(bus: EmulatorClient) -> dict[str, Fault]:
    """How each fault begins and ends, and how long it lasts, by its name."""

    def lasting(kind: str) -> Callable[[], None]:
        return lambda: bus.inject(kind, count=None)

    faults: dict[str, Fault] = {
        kind.replace("_", " "): (lasting(kind), bus.clear, FAULT_S)
        for kind in ("no_reply", "truncated", "bit_flip", "dropped_byte", "late_reply")
    }

    def back_without_one_servo() -> None:
        bus.silence(4)
        bus.unplug()
        bus.plug()

    return faults | {
        "silent servo": (lambda: bus.silence(4), bus.clear, FAULT_S),
        "silent servo when connecting": (back_without_one_servo, bus.clear, FAULT_S),
        "overload": (lambda: bus.hardware_error(4, 0x20), bus.clear, FAULT_S),
        "overheating": (lambda: bus.hardware_error(4, 0x04), bus.clear, FAULT_S),
        "rebooted servo": (lambda: bus.reboot(4, BOOT_S), lambda: None, BOOT_S),
        "unplugged": (bus.unplug, bus.plug, FAULT_S),
    }
