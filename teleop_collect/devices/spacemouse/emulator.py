"""An emulated SpaceMouse, on a UNIX socket that stands for its USB cable.

The process that reads it needs no hardware, no hidapi and no compiler: `emulated_hidapi` takes the
library's calls to this socket. One packet is one HID report. A reader first asks `list` (answered
with the device's descriptor) or `open N` (answered with `ok` or `refused`, then reports follow).
"""

import contextlib
import json
import socket
import threading
from pathlib import Path

from teleop_collect.devices.spacemouse.packets import receive_packet, send_packet
from teleop_collect.devices.spacemouse.reports import (
    REST,
    SPACE_NAVIGATOR,
    Counts,
    MouseModel,
    button_report,
)

REQUEST_TIMEOUT_S = 2.0


class EmulatedMouse:
    """One mouse, plugged in from construction until `unplug` or `close`.

    Args:
        path: where readers find it; `rig.runtime.device_path("sim://NAME")` for a rig file.
        model: what it is.
        serial: USB serial number; most real ones have none.
    """

    def __init__(self, path: Path, model: MouseModel = SPACE_NAVIGATOR, serial: str = "") -> None:
        self._path = path
        self._model = model
        self._serial = serial
        self._lock = threading.Lock()
        self._readers: dict[int, list[socket.socket]] = {}
        self._server: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self.refuses_to_open = False
        """Whether opening fails, as it does for a user without permission."""
        self.lost_reports = 0
        """Reports that a full queue could not take."""
        self.plug()

    def __enter__(self) -> "EmulatedMouse":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def plug(self) -> None:
        """Put the cable in; does nothing while it is in."""
        if self._server is not None:
            return
        self._path.unlink(missing_ok=True)
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.bind(str(self._path))
        server.listen()
        self._server = server
        self._thread = threading.Thread(target=self._serve, args=(server,), daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Pull the cable: readers get an error from their next read."""
        server, self._server = self._server, None
        if server is None or self._thread is None:
            return
        self._path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        server.close()
        with self._lock:
            for reader in (r for readers in self._readers.values() for r in readers):
                reader.close()
            self._readers = {}

    def close(self) -> None:
        """Unplug for good; safe to call twice."""
        self.unplug()

    def deflect(self, counts: Counts) -> None:
        """Report a deflection once; a real mouse repeats it every 8 ms while it lasts."""
        for report in self._model.axis_reports(counts):
            self.send(report)

    def release(self) -> None:
        """Let the cap go: three zero reports, then silence, as the real ones do."""
        for _ in range(3):
            self.deflect(REST)

    def press(self, *bits: int) -> None:
        """Report exactly these buttons as down."""
        self.send(button_report(bits))

    def send(self, report: bytes, interface: int | None = None) -> None:
        """Queue one HID report, on the interface that carries the axes unless told otherwise."""
        number = self._model.data_interface if interface is None else interface
        with self._lock:
            readers = list(self._readers.get(number, ()))
        for reader in readers:
            try:
                send_packet(reader, report)
            except BlockingIOError:
                self.lost_reports += 1
            except OSError:
                self._forget(number, reader)

    def _serve(self, server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            try:
                self._answer(connection)
            except OSError:
                connection.close()

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(REQUEST_TIMEOUT_S)
        request = receive_packet(connection).decode()
        verb, _, number = request.partition(" ")
        if verb != "open":
            send_packet(connection, self._descriptor())
            connection.close()
        elif self.refuses_to_open:
            send_packet(connection, b"refused")
            connection.close()
        else:
            connection.setblocking(False)
            with self._lock:
                send_packet(connection, b"ok")
                self._readers.setdefault(int(number), []).append(connection)

    def _descriptor(self) -> bytes:
        model = self._model
        return json.dumps(
            {
                "vendor_id": model.vendor_id,
                "product_id": model.product_id,
                "product": model.name,
                "serial": self._serial,
                "interfaces": model.interfaces,
                "usages": model.usages,
            }
        ).encode()

    def _forget(self, number: int, reader: socket.socket) -> None:
        with self._lock:
            self._readers[number].remove(reader)
        reader.close()
