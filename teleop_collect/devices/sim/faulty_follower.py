"""What a faulty simulated follower makes of commands and of its readings."""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from teleop_collect.clock import NS_PER_S
from teleop_collect.devices.sim.faults import ArmFaults
from teleop_collect.samples import JointSample, WrenchSample


class FaultyFollower:
    """Stands between one arm's topics and its physics; does nothing without faults.

    Attributes:
        faults: what is wrong now; may be set at any time.
    """

    def __init__(self) -> None:
        self.faults = ArmFaults()
        self._waiting: deque[tuple[int, Mapping[str, float]]] = deque()
        self._pivots: dict[str, float] = {}
        self._wrench: WrenchSample | None = None
        self._noise = np.random.default_rng(0)

    def due(self, now_ns: int, command: Mapping[str, float] | None) -> Mapping[str, float] | None:
        """The command to execute now, if any.

        Args:
            now_ns: monotonic time.
            command: one that has just come; None without.
        """
        if self.faults.lag_s <= 0 and not self._waiting:
            return command
        if command is not None:
            self._waiting.append((now_ns + round(self.faults.lag_s * NS_PER_S), command))
        found = None
        while self._waiting and self._waiting[0][0] <= now_ns:
            found = self._waiting.popleft()[1]
        return found

    def executed(self, command: Mapping[str, float], measured: JointSample) -> dict[str, float]:
        """What the joints really do on a command."""
        faults, now = self.faults, measured.by_name()
        turned = {*faults.reversed, *(faults.swapped or ())} & set(now)
        self._pivots = {joint: self._pivots.get(joint, now[joint]) for joint in sorted(turned)}
        positions = dict(command)
        source = {joint: joint for joint in self._pivots}
        if faults.swapped is not None:
            a, b = faults.swapped
            source[a], source[b] = b, a
        for joint, pivot in self._pivots.items():
            other = source[joint]
            if other in command and other in self._pivots:
                sign = -1.0 if joint in faults.reversed else 1.0
                positions[joint] = pivot + sign * (command[other] - self._pivots[other])
        return {joint: p for joint, p in positions.items() if joint not in faults.stuck}

    def joints(self, sample: JointSample) -> JointSample:
        """Joints as they are reported."""
        faults = self.faults
        if faults.encoder_noise > 0:
            noise = self._noise.normal(0, faults.encoder_noise, len(sample.position))
            sample = replace(sample, position=tuple((noise + sample.position).tolist()))
        offset_ns = round(faults.stamp_offset_s * NS_PER_S)
        return replace(sample, stamp_ns=sample.stamp_ns + offset_ns) if offset_ns else sample

    def wrench(self, sample: WrenchSample) -> WrenchSample:
        """The wrench as it is reported."""
        faults = self.faults
        if faults.wrench_frozen and self._wrench is not None:
            return replace(self._wrench, stamp_ns=sample.stamp_ns)
        (x, y, z), (bias_x, bias_y, bias_z) = sample.force_n, faults.wrench_bias_n
        force_n = x + bias_x, y + bias_y, z + bias_z
        if faults.wrench_noise_n > 0:
            x, y, z = (self._noise.normal(0, faults.wrench_noise_n, 3) + force_n).tolist()
            force_n = x, y, z
        self._wrench = replace(sample, force_n=force_n)
        return self._wrench
