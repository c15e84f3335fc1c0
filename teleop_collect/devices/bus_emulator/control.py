"""Commands from a UNIX socket: one JSON object a line in, one JSON object a line out."""

import contextlib
import json
import os
import selectors
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from teleop_collect.errors import TeleopCollectError

MAX_LINE_BYTES = 32 << 20
RECEIVE_BYTES = 1 << 16
SEND_S = 0.05

Handler = Callable[[Mapping[str, object]], dict[str, object]]


class ControlSocket:
    """Listens at a path; only this user may connect.

    Args:
        path: of the socket; whatever is there is replaced (its owner is known to be gone).
        selector: on which to wait for connections and lines; events carry a callable.
        handle: answers a command; a `TeleopCollectError` becomes `{"ok": false, "error": ...}`.
    """

    def __init__(self, path: Path, selector: selectors.BaseSelector, handle: Handler) -> None:
        self._path, self._selector, self._handle = path, selector, handle
        self._buffers: dict[socket.socket, bytearray] = {}
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        os.chmod(path, 0o600)
        self._listener.listen()
        selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        # A client that reads no answers must not hold up the bus.
        connection.settimeout(SEND_S)
        self._buffers[connection] = bytearray()
        self._selector.register(connection, selectors.EVENT_READ, lambda: self._receive(connection))

    def _receive(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(RECEIVE_BYTES)
        except OSError:
            data = b""
        buffer = self._buffers[connection]
        buffer += data
        if not data or len(buffer) > MAX_LINE_BYTES:
            self._drop(connection)
            return
        if b"\n" not in data:
            return
        *lines, rest = buffer.split(b"\n")
        self._buffers[connection] = rest
        for line in lines:
            self._reply(connection, self._answer(bytes(line)))

    def _answer(self, line: bytes) -> dict[str, object]:
        try:
            message = json.loads(line)
        except ValueError as error:
            return {"ok": False, "error": f"not JSON: {error}"}
        if not isinstance(message, dict):
            return {"ok": False, "error": "a command is a JSON object"}
        try:
            return {"ok": True, **self._handle(message)}
        except TeleopCollectError as error:
            return {"ok": False, "error": str(error)}

    def _reply(self, connection: socket.socket, answer: dict[str, object]) -> None:
        try:
            connection.sendall(json.dumps(answer).encode() + b"\n")
        except OSError:
            self._drop(connection)

    def _drop(self, connection: socket.socket) -> None:
        if self._buffers.pop(connection, None) is not None:
            self._selector.unregister(connection)
            connection.close()

    def close(self) -> None:
        """Hang up on everybody and remove the socket."""
        for connection in list(self._buffers):
            self._drop(connection)
        with contextlib.suppress(KeyError):
            self._selector.unregister(self._listener)
        self._listener.close()
        self._path.unlink(missing_ok=True)
