"""One tick of all joints of an arm as it is planned, and where the arm would come to rest after it.

A plan may be slowed down by a share s: each joint then takes the velocity s of the way from its
stopping motion to its plan. Every limiter of a joint permits all velocities between both (see
`limiter`), so slowing an arm down breaks no joint's limit.
"""

from collections.abc import Sequence

from teleop_collect.teleop.bounds import SoftBounds
from teleop_collect.teleop.joint_command import JointCommand
from teleop_collect.teleop.stopping import stop_travel, stopping_acceleration

PATH_S = 0.02
"""Distance of two postures of a stopping path: 0.06 rad at 3 rad/s, where the arc of a reach of
0.8 m differs from its chord by less than 0.4 mm."""

_MAX_PATH = 50
_STILL = 1e-3
"""rad/s or m/s: what is left of a stop below it does not matter for where the arm is."""


class ArmStep:
    """The next step of an arm.

    Args:
        commands: of all joints, planned.
        bounds: by joint.
        dt_s: length of the tick, s, > 0.

    Attributes:
        dt_s: as given.
        positions: before the step, rad or m.
        planned: velocities of the step, rad/s or m/s.
    """

    def __init__(
        self, commands: Sequence[JointCommand], bounds: Sequence[SoftBounds], dt_s: float
    ) -> None:
        self.dt_s = dt_s
        self.positions = [command.position for command in commands]
        self.planned = [command.planned for command in commands]
        self._commands = commands
        self._bounds = bounds
        self._stopping: list[float] | None = None

    @property
    def is_still(self) -> bool:
        """Whether nothing moves in this step."""
        return not any(self.planned)

    @property
    def stopping(self) -> list[float]:
        """Velocities of the stopping motion, rad/s or m/s."""
        if self._stopping is None:
            self._stopping = [c.stopping_velocity(self.dt_s) for c in self._commands]
        return self._stopping

    def speed_share(self, joints: Sequence[int], speed: float) -> float:
        """The largest share with which no joint is faster than `speed` times its velocity limit."""
        share = 1.0
        for i in joints:
            cap = speed * self._bounds[i].velocity
            fast, slow = abs(self.planned[i]), abs(self.stopping[i])
            if fast > cap:
                share = min(share, max(cap - slow, 0.0) / (fast - slow) if fast > slow else 0.0)
        return share

    def rest(self, joints: Sequence[int], share: float = 1.0) -> list[float]:
        """Posture in which the arm stops if it is slowed down to `share` and then brakes.

        Args:
            joints: those that are slowed down.
            share: 0 to 1.

        Returns:
            By joint, rad or m.
        """
        velocities = self.planned if share == 1.0 else self._slowed(joints, share)
        return [
            self._joint_rest(i, velocity, self._bounds[i]) for i, velocity in enumerate(velocities)
        ]

    def path(self, joints: Sequence[int], share: float = 1.0) -> list[list[float]]:
        """Postures on the way to `rest`, every `PATH_S`, after the step itself; rest at the end.

        Joints stop at different times, so the arm may swing out on its way to a posture that is
        harmless.
        """
        velocities = self.planned if share == 1.0 else self._slowed(joints, share)
        motions = [
            _Stopping(command, velocity, bounds, self.dt_s)
            for command, velocity, bounds in zip(
                self._commands, velocities, self._bounds, strict=True
            )
        ]
        postures = [[motion.position for motion in motions]]
        while len(postures) < _MAX_PATH and any(motion.velocity for motion in motions):
            for motion in motions:
                motion.advance()
            postures.append([motion.position for motion in motions])
        postures[-1] = self.rest(joints, share)
        return postures

    def slow(self, joints: Sequence[int], share: float) -> None:
        """Slow these joints' plans down to `share`."""
        self.planned = self._slowed(joints, share)
        for i in joints:
            self._commands[i].slow(self.planned[i])

    def _slowed(self, joints: Sequence[int], share: float) -> list[float]:
        velocities = list(self.planned)
        for i in joints:
            velocities[i] = self.stopping[i] + share * (velocities[i] - self.stopping[i])
        return velocities

    def _joint_rest(self, joint: int, velocity: float, bounds: SoftBounds) -> float:
        before = self._commands[joint]
        if velocity == 0.0 and before.velocity == 0.0:
            return before.position
        acceleration = (velocity - before.velocity) / self.dt_s
        limit, jerk = bounds.acceleration, bounds.jerk
        up = stop_travel(velocity, acceleration, limit, jerk)
        travel = up if up > 0.0 else -stop_travel(-velocity, -acceleration, limit, jerk)
        return before.position + velocity * self.dt_s + travel


class _Stopping:
    """One joint on its way to rest, in steps of `PATH_S`."""

    __slots__ = ("_acceleration", "_bounds", "position", "velocity")

    def __init__(
        self, command: JointCommand, velocity: float, bounds: SoftBounds, dt_s: float
    ) -> None:
        self._bounds = bounds
        self.velocity = velocity
        self._acceleration = (velocity - command.velocity) / dt_s
        self.position = command.position + velocity * dt_s

    def advance(self) -> None:
        limit, jerk = self._bounds.acceleration, self._bounds.jerk
        if abs(self.velocity) < _STILL:
            self.velocity = self._acceleration = 0.0
            return
        self._acceleration = stopping_acceleration(
            self.velocity, self._acceleration, limit, jerk, PATH_S
        )
        self.velocity += self._acceleration * PATH_S
        self.position += self.velocity * PATH_S
