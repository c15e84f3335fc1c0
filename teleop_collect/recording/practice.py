"""An episode of which nothing is kept: the operator's flow without a file."""

from teleop_collect.clock import NS_PER_S, Clock

NAME = "practice"


class Practice:
    """One practice episode.

    Args:
        clock: for its age.
        max_episode_s: when it ends by itself, as a recorded one does.
    """

    name = NAME

    def __init__(self, clock: Clock, max_episode_s: float) -> None:
        self._clock = clock
        self._end_ns = clock.monotonic_ns() + round(max_episode_s * NS_PER_S)

    @property
    def is_over(self) -> bool:
        """Whether it has lasted as long as an episode may."""
        return self._clock.monotonic_ns() > self._end_ns
