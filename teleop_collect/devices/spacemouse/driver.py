"""A SpaceMouse as a twist source, through pyspacemouse 2.x."""

from typing import Any

from teleop_collect.clock import NS_PER_S, Clock
from teleop_collect.devices.spacemouse import emulated_hidapi
from teleop_collect.devices.spacemouse.backoff import Backoff
from teleop_collect.devices.spacemouse.discovery import (
    AttachedMouse,
    check_model,
    find_mouse,
    load_library,
)
from teleop_collect.devices.spacemouse.shaping import AXES, TwistShaping, clamped
from teleop_collect.errors import DeviceDisconnected, DeviceError
from teleop_collect.rig.config import SpaceMouseLeader
from teleop_collect.rig.runtime import SIM_SCHEME, device_path
from teleop_collect.samples import TwistSample

AXIS_CONVENTION = "ros"
"""x forward, y left, z up; pyspacemouse's own default is inconsistent and deprecated."""

SILENCE_S = 0.2
"""A deflected mouse reports every 8 ms (16 ms by radio) and ends with zeros, so one that is
deflected and silent for longer has lost its radio link: its last axes must not go on."""

DRAIN_LIMIT = 1000
"""Reports taken in one read at most; the kernel keeps 64."""


class SpaceMouse:
    """Implements `devices.protocols.TwistSource`.

    The axes of the twist are those of `frame_id`; what the operator pushes forward moves along its
    x axis. At rest the mouse sends nothing, so `read` answers with a zero twist and a new stamp as
    long as the device is there. Not thread-safe: one thread connects, reads and closes.

    Args:
        config: the leader of the rig file. `path: sim://NAME` is an emulated mouse.
        clock: source of stamps and of pauses between attempts to connect.
        frame_id: what the samples state; the configured "base" or "tool" when empty. A node passes
            the robot's frame, see `TwistLeader.frame_id`.

    Raises:
        MissingExtraError: pyspacemouse is not installed.
        ConfigError: a model that pyspacemouse does not know.
    """

    def __init__(self, config: SpaceMouseLeader, clock: Clock, frame_id: str = "") -> None:
        check_model(config.model)
        self._config = config
        self._clock = clock
        self._frame_id = frame_id or config.frame
        self._shaping = TwistShaping(config)
        self._backoff = Backoff(clock)
        self._lost = "the SpaceMouse is not connected yet"
        self._interfaces: list[_Interface] = []
        self.mouse: AttachedMouse | None = None
        """What is connected; None while nothing is."""
        self.button_names: tuple[str, ...] = ()
        """Names of the connected model's buttons, in the order of `TwistSample.buttons`."""

    def connect(self) -> None:
        """Open the mouse; does nothing while it is open.

        Between attempts that fail a pause grows from 0.05 to 0.4 s; a call within it repeats the
        last answer without looking.

        Raises:
            DeviceDisconnected: it is not attached.
            DeviceError: several fit, or this user may not open it.
            MissingSystemLibraryError: the system's hidapi is not installed.
        """
        if self._interfaces:
            return
        if not self._backoff.is_due:
            raise DeviceDisconnected(self._lost)
        try:
            self._open(find_mouse(self._config, self._path()))
        except DeviceError as error:
            self._lost = str(error)
            self._backoff.failed()
            raise
        self._backoff.succeeded()

    def read(self) -> TwistSample:
        """The newest state, after taking every report that has arrived.

        Returns:
            The shaped twist, stamped now. A button counts as down when any of the reports had it
            down, so a short press is not missed by a late read.

        Raises:
            DeviceDisconnected: the mouse is gone or was never there; the twist to act on is zero.
        """
        if not self._interfaces:
            raise DeviceDisconnected(self._lost)
        now_ns = self._clock.monotonic_ns()
        try:
            pressed = [interface.drain(now_ns) for interface in self._interfaces]
        except self._hid_error() as error:
            self._lost = f"{self.mouse} was unplugged; plug it in again"
            self.close()
            raise DeviceDisconnected(self._lost) from error
        # Interfaces of a receiver that carry no axes stay at zero.
        axes = tuple(
            clamped(sum(values))
            for values in zip(*(i.axes(now_ns) for i in self._interfaces), strict=True)
        )
        buttons = tuple(max(values) for values in zip(*pressed, strict=True))
        return self._sample(axes, buttons)

    def rest(self) -> TwistSample:
        """A zero twist, stamped now: to publish once when `read` says that the mouse is gone."""
        return self._sample((0.0,) * len(AXES), (0,) * len(self.button_names))

    def close(self) -> None:
        """Release the mouse and forget its deflection; safe to call twice."""
        for interface in self._interfaces:
            interface.device.close()
        self._interfaces = []
        self.mouse = None

    def _path(self) -> str:
        path = self._config.path
        if not path.startswith(SIM_SCHEME):
            return path
        socket_path = device_path(path)
        emulated_hidapi.install(socket_path)
        return str(socket_path)

    def _open(self, mouse: AttachedMouse) -> None:
        library = load_library()
        info = library.apply_axis_convention(
            library.get_device_specs()[mouse.model], library.AxisConvention(AXIS_CONVENTION)
        )
        opened: list[_Interface] = []
        for hid_device in mouse.interfaces:
            # The library's own open() prints, and finds one interface of a receiver only.
            device = library.SpaceMouseDevice(info, hid_device)
            try:
                device.open()
            except RuntimeError as error:
                for interface in opened:
                    interface.device.close()
                raise DeviceError(
                    f"{mouse.model} at {hid_device.path} cannot be opened; if it is still plugged "
                    "in, this user lacks the permission: run teleop-collect udev install, then "
                    "plug it in again"
                ) from error
            hid_device.set_nonblocking(True)
            opened.append(_Interface(device))
        self._interfaces = opened
        self.mouse = mouse
        self.button_names = tuple(info.button_names)

    def _sample(self, axes: tuple[float, ...], buttons: tuple[int, ...]) -> TwistSample:
        linear, angular = self._shaping.twist(axes)
        return TwistSample(self._clock.utc_ns(), self._frame_id, linear, angular, buttons, axes)

    @staticmethod
    def _hid_error() -> type[Exception]:
        from easyhid import HIDException

        error: type[Exception] = HIDException
        return error


class _Interface:
    """One open HID interface: its library device, and when its axes were last reported."""

    def __init__(self, device: Any) -> None:
        self.device = device
        self._axes = (0.0,) * len(AXES)
        self._reported_ns = 0
        self._now_ns = 0
        device.configure(dof_callback=self._on_axes)

    def drain(self, now_ns: int) -> tuple[int, ...]:
        """Take all reports; returns 1 for every button that was down in any of them."""
        self._now_ns = now_ns
        state = self.device.read()
        pressed = list(state.buttons)
        for _ in range(DRAIN_LIMIT):
            # The library answers with one object, which the next read changes.
            before_s = state.t
            state = self.device.read()
            pressed = [max(pair) for pair in zip(pressed, state.buttons, strict=True)]
            if state.t == before_s:
                break
        return tuple(pressed)

    def axes(self, now_ns: int) -> tuple[float, ...]:
        """x, y, z, roll, pitch, yaw as last reported; zero once they are too old to be true."""
        if now_ns - self._reported_ns > round(SILENCE_S * NS_PER_S):
            return (0.0,) * len(AXES)
        return self._axes

    def _on_axes(self, state: Any) -> None:
        self._reported_ns = self._now_ns
        self._axes = tuple(getattr(state, axis) for axis in AXES)
