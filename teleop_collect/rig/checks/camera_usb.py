"""Check: USB cameras are connected at the speed that the rig file asks for."""

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.drivers_healthy import driver_statuses
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good, unseen
from teleop_collect.rig.config import RealSenseCamera

USB = "usb"
"""Value of a camera driver's status: USB version of the connection, such as 3.2."""


class CameraUsb:
    """A cable of the wrong kind drops a RealSense to USB 2: fewer modes, lost images."""

    name = "camera_usb"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare what each driver tells with `usb_min`."""
        cameras = {n: c for n, c in context.rig.cameras.items() if isinstance(c, RealSenseCamera)}
        told = {}
        for name, status in driver_statuses(context).by_name.items():
            camera = name.partition(": camera ")[2]
            if camera in cameras and (usb := status.values.get(USB, "unknown")) != "unknown":
                told[camera] = usb
        slow = {n: usb for n, usb in told.items() if _version(usb) < _version(cameras[n].usb_min)}
        if slow:
            text = "; ".join(f"camera {n}: USB {usb}" for n, usb in slow.items())
            todo = "use a USB 3 port and cable, plugged in fully, without a hub between"
            worst = min(slow, key=lambda n: _version(slow[n]))
            return bad(self, text, todo, slow[worst], cameras[worst].usb_min, "USB version")
        if silent := sorted(set(cameras) - set(told)):
            text = f"camera {', '.join(silent)} does not tell its USB speed"
            return unseen(self, text, "start the camera's driver; look at its cable")
        return good(self, f"{len(told)} USB cameras are fast enough" if told else "no USB cameras")


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())
