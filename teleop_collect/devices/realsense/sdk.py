"""The RealSense SDK, imported when first needed.

The wheels of pyrealsense2 link to libusb-1.0 of the system. Where that is missing, the copy inside
the package `libusb-package` is loaded first: it has the same soname, so the SDK finds it.
"""

import ctypes
from types import ModuleType

from teleop_collect.errors import DeviceError, MissingExtraError, install_command

EXTRA = "realsense"


def import_realsense() -> ModuleType:
    """The `pyrealsense2` module.

    Raises:
        MissingExtraError: it is not installed.
        DeviceError: it is installed, but libusb-1.0 is nowhere.
    """
    try:
        return _import_sdk()
    except ModuleNotFoundError as error:
        raise MissingExtraError("pyrealsense2", EXTRA) from error
    except ImportError as error:
        if "libusb" not in str(error):
            raise DeviceError(f"pyrealsense2 does not load: {error}") from error
    _preload_libusb()
    return _import_sdk()


def _import_sdk() -> ModuleType:
    import pyrealsense2

    module: ModuleType = pyrealsense2
    return module


def _preload_libusb() -> None:
    try:
        import libusb_package

        ctypes.CDLL(str(libusb_package.get_library_path()), mode=ctypes.RTLD_GLOBAL)
    except (ImportError, OSError) as error:
        raise DeviceError(
            "pyrealsense2 needs libusb-1.0, which this system lacks; install it with "
            f"`apt install libusb-1.0-0` or `{install_command(EXTRA)}`"
        ) from error
