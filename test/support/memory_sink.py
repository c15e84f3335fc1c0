"""Where an MCAP writer writes to, without a disk."""

import io


class Memory:
    """A sink in memory that can refuse."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.refuses = False

    @property
    def size(self) -> int:
        return len(self.data)

    def append(self, buffers):
        if self.refuses:
            raise OSError(28, "No space left on device")
        for buffer in buffers:
            self.data += buffer

    def stream(self) -> io.BytesIO:
        return io.BytesIO(bytes(self.data))
