"""Reads what will be published soon in a thread of its own."""

import queue
import threading
from collections.abc import Iterable, Iterator

from teleop_collect.episodes.playback import Due
from teleop_collect.errors import TeleopCollectError

READ_AHEAD = 2000
"""Messages read before they are due, so that decompression does not delay publishing."""


def read_ahead(messages: Iterable[Due]) -> Iterator[Due]:
    """The same messages; the first is given when many more have been read.

    Raises:
        TeleopCollectError: as raised while reading, once what came before it was given.
    """
    ready: queue.Queue[Due | TeleopCollectError | None] = queue.Queue(READ_AHEAD)
    ended, filled = threading.Event(), threading.Event()

    def read() -> None:
        try:
            for message in messages:
                if ended.is_set():
                    return
                ready.put(message)
                if ready.full():
                    filled.set()
            ready.put(None)
        except TeleopCollectError as error:
            ready.put(error)
        finally:
            filled.set()

    threading.Thread(target=read, name="reader", daemon=True).start()
    filled.wait()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, TeleopCollectError):
                raise item
            yield item
    finally:
        ended.set()
        while not ready.empty():
            ready.get_nowait()
