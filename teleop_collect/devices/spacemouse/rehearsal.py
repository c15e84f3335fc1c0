"""The hand that moves an emulated mouse in a rehearsal: a figure of eight, over and over."""

import math

from teleop_collect.devices.spacemouse.emulator import EmulatedMouse
from teleop_collect.devices.spacemouse.reports import REST, Counts

REPORT_HZ = 125.0
"""A cabled mouse reports every 8 ms while it is deflected."""

FIGURE_S = 6.0
PAUSE_S = 2.0
PRESS_S = 0.3
PEAK_COUNTS = 200


def counts_at(time_s: float) -> Counts:
    """Deflection at a time since the start.

    Each figure begins and ends at rest and leads back to where it began: both axes are sines with
    whole periods, so nothing is left of them.
    """
    phase = (time_s % (FIGURE_S + PAUSE_S)) / FIGURE_S
    if phase >= 1.0:
        return REST
    sideways = round(PEAK_COUNTS * math.sin(2.0 * math.pi * phase))
    forward = round(PEAK_COUNTS * math.sin(4.0 * math.pi * phase))
    return sideways, forward, 0, 0, 0, 0


def buttons_at(time_s: float) -> tuple[int, ...]:
    """Buttons that are down: in each pause one of the first two in turn."""
    figure, within_s = divmod(time_s, FIGURE_S + PAUSE_S)
    in_pause_s = within_s - FIGURE_S
    return (int(figure) % 2,) if 0.5 <= in_pause_s < 0.5 + PRESS_S else ()


class RehearsalHand:
    """Moves a mouse as a person would see it move: reports while deflected, silence at rest.

    Args:
        mouse: what it holds.
    """

    def __init__(self, mouse: EmulatedMouse) -> None:
        self._mouse = mouse
        self._rests = True
        self._buttons: tuple[int, ...] = ()

    def move(self, time_s: float) -> None:
        """Report what belongs to a time since the start; call it `REPORT_HZ` times a second."""
        counts, buttons = counts_at(time_s), buttons_at(time_s)
        if counts != REST:
            self._mouse.deflect(counts)
        elif not self._rests:
            self._mouse.release()
        self._rests = counts == REST
        if buttons != self._buttons:
            self._mouse.press(*buttons)
            self._buttons = buttons
