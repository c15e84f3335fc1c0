"""Where messages enter the recorder: into the open episode, or past it into the pre-roll.

An episode takes exactly the messages received from its start to its end; the switch between two
messages is atomic.
"""

import threading
from collections.abc import Iterable

from teleop_collect.errors import ConfigError
from teleop_collect.recording.current_episode import CurrentEpisode
from teleop_collect.recording.pre_roll import Offered, PreRoll


class Intake:
    """Takes every message of every stream, whether an episode is recorded or not.

    Args:
        topics: absolute names; their order numbers the streams.
        pre_roll: takes what no episode takes.
    """

    def __init__(self, topics: Iterable[str], pre_roll: PreRoll) -> None:
        self._numbers = {topic: number for number, topic in enumerate(topics)}
        self._topics = tuple(self._numbers)
        self._pre_roll = pre_roll
        self._current: CurrentEpisode | None = None
        self._lock = threading.Lock()
        self.counts = [0] * len(self._numbers)
        """Messages offered since the beginning, by stream number."""

    def offer(
        self,
        topic: str,
        data: bytes,
        receive_ns: int,
        source_ns: int | None,
        publication_sequence: int | None,
        publisher: bytes | None,
    ) -> None:
        """Take one message.

        Raises:
            ConfigError: there is no such stream.
        """
        number = self._numbers.get(topic)
        if number is None:
            raise ConfigError(f"topic {topic} is not one of the recorded streams")
        message = Offered(number, data, receive_ns, source_ns, publication_sequence, publisher)
        with self._lock:
            self.counts[number] += 1
            current = self._current
            if current is None:
                self._pre_roll.add(message)
            else:
                self._enter(current, message)

    def hold(self, now_ns: int) -> int:
        """Keep what is received from now on; returns the start of the episode, UTC ns."""
        with self._lock:
            return self._pre_roll.hold(now_ns)

    def let_go(self) -> None:
        """No episode follows after `hold`."""
        with self._lock:
            self._pre_roll.let_go()

    def connect(self, current: CurrentEpisode) -> None:
        """Let an episode take what was kept for it, and everything from now on."""
        with self._lock:
            for number, numbers in self._pre_roll.last_numbers.items():
                current.open.ledgers[number].transport.begin_after(numbers)
            for message in self._pre_roll.take():
                self._enter(current, message)
            self._current = current

    def disconnect(self) -> None:
        """The episode takes no more messages; the next one counts on from its numbers."""
        with self._lock:
            if self._current is not None:
                for number, ledger in enumerate(self._current.open.ledgers):
                    self._pre_roll.last_numbers[number] = ledger.transport.last_numbers
            self._current = None

    def _enter(self, current: CurrentEpisode, message: Offered) -> None:
        number, data, receive_ns, source_ns, sequence, publisher = message
        if receive_ns < current.open.manifest.started_ns:
            if sequence is not None:
                current.open.ledgers[number].transport.begin_after({publisher: sequence})
            return
        if data is None:
            current.open.give_up(number, sequence, publisher)
            return
        current.judge.take(self._topics[number], data, receive_ns)
        current.open.offer(number, data, receive_ns, source_ns, sequence, publisher)
