"""Check: the devices are the ones that the rig file and the calibrations name."""

from collections.abc import Iterator, Mapping

from teleop_collect.rig.calibration.devices import camera_device, device_name
from teleop_collect.rig.calibration.store import Calibrations
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.driver_status import DriverStatus
from teleop_collect.rig.checks.drivers_healthy import driver_statuses
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good, unseen
from teleop_collect.rig.config import Rig

SERIAL = "serial"
"""Value of a driver's status: what its device says of itself."""


class DeviceSerials:
    """An exchanged camera or arm has other zeros and intrinsics than the calibrated one."""

    name = "device_serials"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare serial numbers told by drivers with the rig file's, and refused calibrations."""
        told = dict(told_serials(context.rig, driver_statuses(context).by_name))
        wrong = [
            f"{device} is {serial}, the rig file says {expected}"
            for device, (serial, expected) in told.items()
            if serial != expected
        ]
        wrong += _foreign(context.calibrations)
        if wrong:
            todo = "connect the right device, or correct the rig file and calibrate the new one"
            return bad(self, "; ".join(wrong), todo, len(wrong), 0, "devices")
        if not told:
            return unseen(self, "no driver tells serial numbers", "compare the labels by eye")
        return good(self, f"{len(told)} devices told their serial numbers", 0, 0, "devices")


def told_serials(
    rig: Rig, statuses: Mapping[str, DriverStatus]
) -> Iterator[tuple[str, tuple[str, str]]]:
    """What each device says and what the rig file expects, by device, where both are known."""
    expected = {
        f"camera {name}": (camera_device(name), c.serial) for name, c in rig.cameras.items()
    }
    for name, arm in rig.arms.items():
        expected[f"leader {name}"] = (device_name(rig, name, "leader"), arm.leader.serial)
        expected[f"follower {name}"] = (device_name(rig, name, "follower"), arm.follower.serial)
    for name, status in statuses.items():
        device, serial = expected.get(name.partition(": ")[2], ("", ""))
        said = status.values.get(SERIAL, "unknown")
        if serial and said not in ("", "unknown") and "://" not in serial:
            yield device, (said, serial)


def _foreign(calibrations: Calibrations | None) -> list[str]:
    problems = () if calibrations is None else calibrations.problems
    return [text for text in problems if "serial number" in text]
