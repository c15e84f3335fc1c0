"""A sysfs tree with USB devices, laid out as the kernel does: bus entries are symlinks."""

from pathlib import Path


class FakeSysfs:
    """Builds `<folder>/bus/usb/devices` and what hangs below it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        self._bus = folder / "bus" / "usb" / "devices"
        self._bus.mkdir(parents=True)

    def add(self, usb_path: str, vendor: str, product_id: str, **attributes: str) -> Path:
        """One USB device with its descriptor's texts; its folder."""
        folder = self.root / "devices" / "pci0000:00" / "usb1" / usb_path
        folder.mkdir(parents=True)
        for name, value in {"idVendor": vendor, "idProduct": product_id, **attributes}.items():
            (folder / name).write_text(f"{value}\n")
        (self._bus / usb_path).symlink_to(folder)
        interface = folder / f"{usb_path}:1.0"
        interface.mkdir()
        (self._bus / interface.name).symlink_to(interface)
        return folder

    def add_u2d2(self, usb_path: str, serial: str | None, tty: str, latency_ms: int = 16) -> None:
        """An FT232H with its usb-serial port."""
        texts = {} if serial is None else {"serial": serial}
        folder = self.add(
            usb_path, "0403", "6014", product="USB <-> Serial Converter", speed="480", **texts
        )
        port = folder / f"{usb_path}:1.0" / tty
        (port / "tty" / tty).mkdir(parents=True)
        (port / "latency_timer").write_text(f"{latency_ms}\n")

    def add_cdc(self, usb_path: str, vendor: str, product: str, serial: str, tty: str) -> None:
        """A CDC-ACM port, as the OpenRB-150 has."""
        folder = self.add(usb_path, vendor, product, serial=serial, speed="12")
        (folder / f"{usb_path}:1.0" / "tty" / tty).mkdir(parents=True)

    def add_spacemouse(self, usb_path: str, vendor: str, product: str, hidraw: str) -> None:
        """A HID device without a serial number, as 3Dconnexion's have none."""
        folder = self.add(usb_path, vendor, product, product="SpaceMouse", speed="12")
        hid = folder / f"{usb_path}:1.0" / f"0003:{vendor.upper()}:{product.upper()}.0001"
        (hid / "hidraw" / hidraw).mkdir(parents=True)

    def add_realsense(self, usb_path: str, product: str, serial: str, speed: str = "5000") -> None:
        """A RealSense camera."""
        self.add(
            usb_path, "8086", product, serial=serial, speed=speed, busnum="2", devnum="7",
            product="Intel(R) RealSense(TM) Depth Camera 435i",
        )  # fmt: skip
