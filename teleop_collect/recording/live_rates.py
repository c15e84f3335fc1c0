"""Rates of streams as they are now, for people who watch: messages of the last full second."""

from collections import deque

from teleop_collect.clock import NS_PER_S


class LiveRates:
    """Counts messages by topic over a sliding window, whether an episode is recorded or not.

    Args:
        window_s: length of the window.
    """

    def __init__(self, window_s: float = 1.0) -> None:
        self._window_ns = round(window_s * NS_PER_S)
        self._times: dict[str, deque[int]] = {}

    def observe(self, topic: str, receive_ns: int) -> None:
        """Note one message."""
        times = self._times.setdefault(topic, deque())
        times.append(receive_ns)
        while times[0] <= receive_ns - self._window_ns:
            times.popleft()

    def hz(self, topic: str, now_ns: int) -> float:
        """Messages per second of a topic over the window that ends at `now_ns`."""
        newer = sum(1 for t in self._times.get(topic, ()) if t > now_ns - self._window_ns)
        return newer * NS_PER_S / self._window_ns
