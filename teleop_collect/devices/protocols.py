"""What teleoperation and nodes ask of a device. Implementations are found through the registry."""

from collections.abc import Callable, Mapping
from typing import Protocol

from teleop_collect.samples import Intrinsics, JointSample, RgbdSample, TwistSample

GoalSource = Callable[[], Mapping[str, float] | None]
"""Gives goals by joint name (rad or m); None for none."""


class LeaderArm(Protocol):
    """An arm that a person moves and that reports its joints.

    Raises from every method: `DeviceTimeout` (try again), `DeviceDisconnected` (connect again),
    `DeviceError` (needs a person).
    """

    def connect(self) -> None:
        """Open the port and check ids, models and firmware. May be called again after a loss."""
        ...

    def read(self) -> JointSample:
        """Read all joints once; blocks for one bus exchange."""
        ...

    def close(self) -> None:
        """Release the port; safe to call twice."""
        ...


class FollowerArm(Protocol):
    """An arm that is commanded by joint name and reports its joints.

    Raises from every method: `DeviceTimeout` (try again), `DeviceDisconnected` (connect again),
    `DeviceError` (needs a person).
    """

    def connect(self) -> None:
        """Open the port, check the servos and switch torque on where the arm is."""
        ...

    def read(self) -> JointSample:
        """Read all joints once; blocks for one bus exchange."""
        ...

    def command(self, positions: Mapping[str, float]) -> None:
        """Send goals by joint name (rad or m); joints not named keep theirs."""
        ...

    def exchange(self, goals: GoalSource) -> JointSample:
        """Read all joints once and send goals, in whatever order costs the bus least.

        Raises ConfigError for unusable goals, as `command` does: nothing is sent then. Goals are
        sent too when the reading fails.
        """
        ...

    def hold(self) -> None:
        """Stay where the arm is."""
        ...

    def close(self) -> None:
        """Hold or let go, as configured, and release the port; safe to call twice."""
        ...


class Camera(Protocol):
    """A colour or RGB-D camera."""

    def connect(self) -> None:
        """Open the device."""
        ...

    def intrinsics(self) -> Intrinsics:
        """Pinhole parameters of the colour image, to which depth is aligned."""
        ...

    def read(self) -> RgbdSample:
        """Block until the next image is due, take it, and return it."""
        ...

    def close(self) -> None:
        """Release the device; safe to call twice."""
        ...


class TwistSource(Protocol):
    """A device with which a person asks for a tool velocity, such as a six-axis mouse.

    Raises from every method: `DeviceDisconnected` (connect again), `DeviceError` (needs a person).
    """

    def connect(self) -> None:
        """Open the device. May be called again after a loss, as often as the caller likes."""
        ...

    def read(self) -> TwistSample:
        """What is asked now, without waiting; at rest that is zero, with a new stamp."""
        ...

    def rest(self) -> TwistSample:
        """A zero twist stamped now: what to publish once when `read` reports a loss."""
        ...

    def close(self) -> None:
        """Release the device; safe to call twice."""
        ...
