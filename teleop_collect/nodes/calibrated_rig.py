"""The rig that a driver's node works with: its file, corrected by the current calibrations."""

from dataclasses import dataclass

from teleop_collect.nodes.host import Host
from teleop_collect.rig.calibration.apply import calibrated
from teleop_collect.rig.calibration.store import Calibrations, load_calibrations
from teleop_collect.rig.config import Rig
from teleop_collect.rig.load import LoadedRig


@dataclass(frozen=True)
class CalibratedRig:
    """A rig as its drivers use it.

    Attributes:
        loaded: the rig file.
        rig: the same with the zeros and mounts of the current calibration files.
        calibrations: those files.
    """

    loaded: LoadedRig
    rig: Rig
    calibrations: Calibrations


def calibrated_rig(host: Host) -> CalibratedRig:
    """The rig that the parameter `rig` names; refused calibration files are logged, once each."""
    loaded = host.rig()
    calibrations = load_calibrations(loaded)
    log = host.node.get_logger()
    for problem in calibrations.problems:
        log.error(problem)
    for (kind, device), stored in calibrations.current.items():
        if kind in loaded.rig.calibration.apply:
            version = stored.calibration.version
            log.info(f"{kind} calibration {version} of {device}, made {stored.calibration.made}")
    return CalibratedRig(loaded, calibrated(loaded.rig, calibrations), calibrations)
