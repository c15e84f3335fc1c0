"""Feeds a chain with a leader that exists in numbers only, moved by a device at its own rate.

The leader is moved at each tick, but it is as old as the device's newest message: the chain gets
the times of that message, so that a device that falls silent holds the arm as soon as any leader.
"""

from typing import Generic, Protocol, TypeVar

from teleop_collect.clock import NS_PER_S
from teleop_collect.samples import JointSample, TwistSample
from teleop_collect.teleop.chain import TeleopChain
from teleop_collect.teleop.leader_doubted import LeaderDoubted
from teleop_collect.teleop.mapping import JointsUnreadable
from teleop_collect.teleop.state import TeleopState

Source = TypeVar("Source", JointSample, TwistSample)
"""What the device sends."""
SourceAsked = TypeVar("SourceAsked", JointSample, TwistSample, contravariant=True)

FOLLOWING = (TeleopState.ALIGNING, TeleopState.ENGAGED)


class NumericLeader(Protocol[SourceAsked]):
    """A leader without a body; see `TwistLeader` and `PoseLeader`."""

    def reset(self, follower: JointSample) -> None:
        """Stand where the follower is."""
        ...

    def update(
        self, source: SourceAsked | None, dt_s: float, stamp_ns: int, follower: JointSample
    ) -> JointSample | None:
        """Move for `dt_s` as the device asks; None when it asks nothing."""
        ...


class CartesianFeed(Generic[Source]):
    """One such leader and its chain.

    While the arm does not follow, the leader stands where the follower is.

    Args:
        chain: what is fed.
        leader: what moves.
    """

    def __init__(self, chain: TeleopChain, leader: NumericLeader[Source]) -> None:
        self._chain = chain
        self._leader: NumericLeader[Source] = leader
        self._source: Source | None = None
        self._receive_ns = 0
        self._fed_ns: int | None = None

    @property
    def source(self) -> Source | None:
        """The device's newest message."""
        return self._source

    def received(self, source: Source, receive_ns: int) -> None:
        """Take the device's newest message, received at monotonic time `receive_ns`."""
        self._source, self._receive_ns = source, receive_ns

    def feed(self, now_ns: int, utc_ns: int, follower: JointSample | None) -> None:
        """Move the leader up to monotonic time `now_ns` and hand over where it is now.

        Args:
            now_ns: monotonic time.
            utc_ns: the same in UTC.
            follower: newest sample of the follower; None before the first.
        """
        dt_s = 0.0 if self._fed_ns is None else (now_ns - self._fed_ns) / NS_PER_S
        self._fed_ns = now_ns
        source = self._source
        if follower is None:
            return
        try:
            if self._chain.state not in FOLLOWING:
                self._leader.reset(follower)
            moved = self._leader.update(self._live(now_ns, utc_ns), dt_s, utc_ns, follower)
        except LeaderDoubted as error:
            assert source is not None
            self._chain.leader_heard(source.stamp_ns, self._receive_ns, error.doubt)
            return
        except JointsUnreadable:
            return  # the follower's: the chain judges its samples and says why it holds
        if source is None:
            return
        if moved is None:
            self._chain.leader_heard(source.stamp_ns, self._receive_ns)
        else:
            self._chain.leader_received(moved, self._receive_ns, source.stamp_ns)

    def _live(self, now_ns: int, utc_ns: int) -> Source | None:
        """The newest message while it is younger than the watchdog's hold."""
        if self._source is None:
            return None
        age_ns = max(now_ns - self._receive_ns, utc_ns - self._source.stamp_ns)
        return self._source if age_ns <= self._chain.hold_after_s * NS_PER_S else None
