"""Calibration files for tests, without measuring anything."""

from typing import Any

from teleop_collect.rig.calibration.devices import serials_of
from teleop_collect.rig.calibration.records import Calibration
from teleop_collect.rig.calibration.values import JointZero, JointZeros
from teleop_collect.rig.load import LoadedRig

LEADER_ZEROS = JointZeros(kind="leader", joints={"shoulder": JointZero(zero_rad=0.25, sign=-1)})


def calibration_of(loaded: LoadedRig, device: str = "leader", **changes: Any) -> Calibration:
    """A calibration of a device of a rig; `changes` replaces any of its keys."""
    document = {
        "rig": loaded.rig.name,
        "device": device,
        "serials": {device: serials_of(loaded.rig)[device]},
        "version": 1,
        "made": "2026-11-20T09:30:00.000000000Z",
        "made_ns": 1_795_167_000_000_000_000,
        "operator": "op-1",
        "software_version": "0.1.0",
        "method": "for a test",
        "samples": 10,
        "residuals": {"max_rad": 0.001},
        "uncertainty": {"zero_rad": 0.0005},
        "values": LEADER_ZEROS,
    }
    return Calibration.model_validate(document | changes)
