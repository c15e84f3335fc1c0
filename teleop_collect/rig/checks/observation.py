"""What was seen of one topic while the rig was observed."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from teleop_collect.clock import NS_PER_S
from teleop_collect.rig.checks.driver_status import DriverStatuses
from teleop_collect.rig.checks.picture import Picture
from teleop_collect.rig.checks.trace import Timing, Trace
from teleop_collect.samples import Intrinsics, JointSample, WrenchSample
from teleop_collect.topics import Qos

Sample = JointSample | WrenchSample | Intrinsics | DriverStatuses | str
"""Decoded content: joint states, wrenches, CameraInfo, diagnostics, or text (robot_description)."""


@dataclass(frozen=True)
class Observation:
    """One topic over one stretch of time.

    Attributes:
        topic: name as in the stream table.
        types: message types that its publishers announce.
        publishers: how many publishers it has.
        offered: the weakest QoS of its publishers; None without publishers.
        count: messages received.
        first_ns: UTC receive time of the first message; None without messages.
        last_ns: UTC receive time of the last message; None without messages.
        max_gap_ns: longest time between two messages; None with less than two.
        stamp_age_s: median of receive time minus header stamp; None for types without a header.
        sample: the last decoded message; None when it is not decoded. Of diagnostics: the newest
            status of every name.
        changes: messages whose decoded content (stamp aside) differed from the one before.
        non_finite: decoded messages that held a NaN or an infinity.
        mean_force_n: mean force (N, xyz) of finite wrenches; None without any.
        timing: when its messages came; None without messages.
        trace: values over time, of joint states and wrenches; None of other types.
        pictures: some images, oldest first.
    """

    topic: str
    types: tuple[str, ...] = ()
    publishers: int = 0
    offered: Qos | None = None
    count: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    max_gap_ns: int | None = None
    stamp_age_s: float | None = None
    sample: Sample | None = None
    changes: int = 0
    non_finite: int = 0
    mean_force_n: tuple[float, float, float] | None = None
    timing: Timing | None = None
    trace: Trace | None = None
    pictures: tuple[Picture, ...] = ()

    @property
    def mean_hz(self) -> float | None:
        """Mean rate from first to last message; None with less than two."""
        if self.first_ns is None or self.last_ns is None or self.last_ns <= self.first_ns:
            return None
        return (self.count - 1) * NS_PER_S / (self.last_ns - self.first_ns)


@dataclass
class Observer:
    """Collects one topic's observation, message by message."""

    topic: str
    _receive_ns: list[int] = field(default_factory=list)
    _max_gap_ns: int | None = None
    _ages_ns: list[int] = field(default_factory=list)
    _values: list[tuple[int, Sequence[float]]] = field(default_factory=list)
    _pictures: list[Picture] = field(default_factory=list)
    _sample: Sample | None = None
    _changes: int = 0
    _non_finite: int = 0
    _forces_n: list[tuple[float, float, float]] = field(default_factory=list)

    def receive(
        self, receive_ns: int, stamp_ns: int | None = None, sample: Sample | None = None
    ) -> None:
        """Take one message.

        Args:
            receive_ns: UTC receive time, ns.
            stamp_ns: header stamp, ns; None for types without a header.
            sample: the decoded content, for the types that checks look into.
        """
        if self._receive_ns:
            self._max_gap_ns = max(self._max_gap_ns or 0, receive_ns - self._receive_ns[-1])
        self._receive_ns.append(receive_ns)
        if stamp_ns is not None:
            self._ages_ns.append(receive_ns - stamp_ns)
        if sample is not None:
            self._take(sample)
            if isinstance(sample, JointSample | WrenchSample):
                self._values.append((receive_ns, _columns(sample)[1]))

    def keep(self, picture: Picture) -> None:
        """Keep an image of this topic."""
        self._pictures.append(picture)

    def _take(self, sample: Sample) -> None:
        if self._sample is not None and _content(sample) != _content(self._sample):
            self._changes += 1
        if isinstance(sample, DriverStatuses) and isinstance(self._sample, DriverStatuses):
            sample = self._sample.renewed(sample)
        self._sample = sample
        if not all(math.isfinite(value) for value in _numbers(sample)):
            self._non_finite += 1
        elif isinstance(sample, WrenchSample):
            self._forces_n.append(sample.force_n)

    def observation(
        self, types: tuple[str, ...], publishers: int, offered: Qos | None
    ) -> Observation:
        """What was seen so far, with what the graph says of the publishers."""
        age_s = None
        if self._ages_ns:
            age_s = sorted(self._ages_ns)[len(self._ages_ns) // 2] / NS_PER_S
        return Observation(
            topic=self.topic,
            types=types,
            publishers=publishers,
            offered=offered,
            count=len(self._receive_ns),
            first_ns=self._receive_ns[0] if self._receive_ns else None,
            last_ns=self._receive_ns[-1] if self._receive_ns else None,
            max_gap_ns=self._max_gap_ns,
            stamp_age_s=age_s,
            sample=self._sample,
            changes=self._changes,
            non_finite=self._non_finite,
            mean_force_n=_mean(self._forces_n),
            timing=self._timing(),
            trace=self._trace(),
            pictures=tuple(self._pictures),
        )

    def _timing(self) -> Timing | None:
        if not self._receive_ns:
            return None
        return Timing(np.array(self._receive_ns, np.int64), np.array(self._ages_ns, np.int64))

    def _trace(self) -> Trace | None:
        if not isinstance(self._sample, JointSample | WrenchSample):
            return None
        names = _columns(self._sample)[0]
        rows = [(at, values) for at, values in self._values if len(values) == len(names)]
        receive_ns = np.array([at for at, _ in rows], np.int64)
        values = np.array([values for _, values in rows], float).reshape(-1, len(names))
        return Trace(names, receive_ns, values)


def _mean(forces_n: list[tuple[float, float, float]]) -> tuple[float, float, float] | None:
    if not forces_n:
        return None
    x, y, z = (math.fsum(values) / len(forces_n) for values in zip(*forces_n, strict=True))
    return (x, y, z)


def _columns(sample: JointSample | WrenchSample) -> tuple[tuple[str, ...], Sequence[float]]:
    """Names and values of what is followed over time."""
    if isinstance(sample, JointSample):
        return sample.names, sample.position
    names = tuple(f"{quantity}_{axis}" for quantity in ("force", "torque") for axis in "xyz")
    return names, (*sample.force_n, *sample.torque_nm)


def _content(sample: Sample) -> Sample:
    if isinstance(sample, (JointSample, WrenchSample)):
        return dataclasses.replace(sample, stamp_ns=0)
    return sample


def _numbers(sample: Sample) -> tuple[float, ...]:
    if isinstance(sample, JointSample):
        return sample.position + sample.velocity + sample.effort
    if isinstance(sample, WrenchSample):
        return sample.force_n + sample.torque_nm
    return ()
