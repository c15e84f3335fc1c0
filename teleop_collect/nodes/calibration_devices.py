"""Whether the device that is about to be calibrated is the one that the rig file names."""

import time

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node

from teleop_collect import topics
from teleop_collect.errors import CheckFailed
from teleop_collect.nodes import conversions
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.calibration.devices import serials_of
from teleop_collect.rig.checks.device_serials import told_serials
from teleop_collect.rig.config import Rig

TOLD_S = 2.5
"""Drivers tell once a second."""
POLL_S = 0.02


def refuse_exchanged(node: Node, rig: Rig, device: str) -> None:
    """Hear what a device's driver says of its serial number; one that says nothing passes.

    Raises:
        CheckFailed: it is another one, whose calibration would be filed under the wrong serial.
    """
    if not serials_of(rig).get(device):
        return
    qos = profile(topics.EVENT_QOS)
    diagnostics = PolledSubscription(node, DiagnosticArray, topics.DIAGNOSTICS, qos)
    try:
        deadline = time.monotonic() + TOLD_S
        while time.monotonic() < deadline:
            for taken in diagnostics.drain():
                statuses = conversions.driver_statuses(taken.message).by_name
                told = dict(told_serials(rig, statuses)).get(device)
                if told is not None:
                    _refuse(device, *told)
                    return
            time.sleep(POLL_S)
    finally:
        diagnostics.close()


def _refuse(device: str, said: str, expected: str) -> None:
    if said != expected:
        raise CheckFailed(
            f"{device} has serial number {said}, the rig file says {expected}: connect the right "
            "device, or correct the rig file. Nothing was written; the previous calibration stays"
        )
