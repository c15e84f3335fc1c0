"""The SDK without the system's libusb."""

import subprocess
import sys

from teleop_collect.errors import install_command

LOAD_WITHOUT_SYSTEM_LIBUSB = """
import builtins, sys
real = builtins.__import__

def first_time_without_libusb(name, *rest):
    # What the dynamic loader says where the system has no libusb.
    if name == "pyrealsense2" and "libusb_package" not in sys.modules:
        raise ImportError("libusb-1.0.so.0: cannot open shared object file: No such file")
    if name == "libusb_package" and {absent}:
        raise ImportError("No module named 'libusb_package'")
    return real(name, *rest)

builtins.__import__ = first_time_without_libusb
from teleop_collect.devices.realsense.sdk import import_realsense
from teleop_collect.errors import TeleopCollectError
try:
    sdk = import_realsense()
    maps = open("/proc/self/maps").read()
    print("loaded", sdk.__name__, "libusb_package" in maps)
except TeleopCollectError as error:
    print(type(error).__name__, error)
"""


def run(absent: bool) -> str:
    script = LOAD_WITHOUT_SYSTEM_LIBUSB.replace("{absent}", str(absent))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout.strip()


def test_a_missing_libusb_is_taken_from_its_package():
    assert run(absent=False) == "loaded pyrealsense2 True"


def test_a_missing_libusb_without_the_package_ends_in_one_message():
    assert run(absent=True) == (
        "DeviceError pyrealsense2 needs libusb-1.0, which this system lacks; install it with "
        f"`apt install libusb-1.0-0` or `{install_command('realsense')}`"
    )
