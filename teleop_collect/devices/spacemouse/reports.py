"""HID reports of the emulated mice.

Older models send translation (report 1) and rotation (report 2) apart, newer ones both in report 1;
buttons are report 3. Axes are signed 16-bit counts, little-endian, about +-350 at the stops:
x right, y towards the operator, z down, and the rotations about them (USB HID Usage Tables, 4.2).
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

FULL_SCALE = 350
"""Counts at the stops of the cap; some caps go beyond."""

_THREE_AXES = struct.Struct("<B3h")
_SIX_AXES = struct.Struct("<B6h")
_BUTTONS = struct.Struct("<BI")

Counts = tuple[int, int, int, int, int, int]
"""x, y, z, rx, ry, rz as the device counts them."""

REST: Counts = (0, 0, 0, 0, 0, 0)


@dataclass(frozen=True)
class MouseModel:
    """What an emulated mouse is.

    Attributes:
        name: as pyspacemouse calls the model.
        vendor_id: USB vendor.
        product_id: USB product.
        combined: all six axes in one report.
        interfaces: HID interfaces under the same ids.
        data_interface: the one that carries axes and buttons.
        usages: how often hidapi lists each interface: once for each usage that it declares.
    """

    name: str
    vendor_id: int
    product_id: int
    combined: bool
    interfaces: int = 1
    data_interface: int = 0
    usages: int = 1

    def axis_reports(self, counts: Counts) -> tuple[bytes, ...]:
        """What the mouse sends for a deflection."""
        if self.combined:
            return (_SIX_AXES.pack(1, *counts),)
        return _THREE_AXES.pack(1, *counts[:3]), _THREE_AXES.pack(2, *counts[3:])


SPACE_NAVIGATOR = MouseModel("SpaceNavigator", 0x046D, 0xC626, combined=False)
SPACE_MOUSE_COMPACT = MouseModel("SpaceMouseCompact", 0x256F, 0xC635, combined=False)
SPACE_MOUSE_WIRELESS = MouseModel("SpaceMouseWireless", 0x256F, 0xC62E, combined=True)
SPACE_MOUSE_ENTERPRISE = MouseModel("SpaceMouseEnterprise", 0x256F, 0xC633, True, usages=2)
WIRELESS_BY_RECEIVER = MouseModel(
    "UniversalReceiver", 0x256F, 0xC652, combined=True, interfaces=5, data_interface=1
)
PRO_WIRELESS_BY_RECEIVER = MouseModel(
    "UniversalReceiver", 0x256F, 0xC652, combined=True, interfaces=5, data_interface=0
)

MODELS = {
    model.name: model
    for model in (
        SPACE_NAVIGATOR,
        SPACE_MOUSE_COMPACT,
        SPACE_MOUSE_WIRELESS,
        SPACE_MOUSE_ENTERPRISE,
        WIRELESS_BY_RECEIVER,
    )
}
"""Emulated models by name."""


def button_report(bits: Iterable[int]) -> bytes:
    """Report 3 with the bits of the buttons that are down, counted from 0."""
    return _BUTTONS.pack(3, sum(1 << bit for bit in set(bits)))
