"""The operator's wish for each follower joint, from the leader's joints, by name."""

from collections.abc import Collection, Mapping

from teleop_collect.errors import ConfigError, TeleopCollectError
from teleop_collect.rig.config import JointMapping
from teleop_collect.samples import JointSample


class JointsUnreadable(TeleopCollectError):
    """A message lacks a joint, names one twice, or does not have one position a name."""


class JointOrder:
    """Takes positions out of messages in a fixed order; the messages' order may change any time.

    Args:
        whose: "leader" or "follower", for messages.
        joints: names, in the order wanted.
    """

    def __init__(self, whose: str, joints: tuple[str, ...]) -> None:
        self._whose = whose
        self._joints = joints
        self._names: tuple[str, ...] | None = None
        self._indices: tuple[int, ...] = ()

    def pick(self, sample: JointSample) -> tuple[float, ...]:
        """Positions in this object's order, rad or m.

        Raises:
            JointsUnreadable: a joint is missing or ambiguous.
        """
        if sample.names != self._names:
            self._learn(sample.names)
        if len(sample.position) != len(sample.names):
            raise JointsUnreadable(
                f"{self._whose} message has {len(sample.position)} positions for "
                f"{len(sample.names)} names"
            )
        position = sample.position
        return tuple([position[i] for i in self._indices])

    def _learn(self, names: tuple[str, ...]) -> None:
        for joint in self._joints:
            count = names.count(joint)
            if count != 1:
                problem = "misses" if count == 0 else f"names {count} times"
                raise JointsUnreadable(
                    f"{self._whose} message {problem} joint {joint}; it has: "
                    f"{', '.join(names) or 'none'}"
                )
        self._indices = tuple(names.index(joint) for joint in self._joints)
        self._names = names


class JointMap:
    """Follower position = sign * scale * leader position + offset, for each follower joint.

    Args:
        joints: follower joints, in the order of the answers.
        mapping: entries of the rig file by follower joint; joints without one map one to one.
        leader_joints: joints that the leader has, checked now; None leaves it to run time.

    Attributes:
        leader_joints: that drive the follower joints, in their order.
        offsets: by follower joint, rad or m.

    Raises:
        ConfigError: an entry names no follower joint, or a leader joint does not exist.
    """

    def __init__(
        self,
        joints: tuple[str, ...],
        mapping: Mapping[str, JointMapping],
        leader_joints: Collection[str] | None = None,
    ) -> None:
        entries = [mapping.get(joint, JointMapping()) for joint in joints]
        self.leader_joints = tuple(
            entry.leader_joint or joint for joint, entry in zip(joints, entries, strict=True)
        )
        self._factors = [entry.sign * entry.scale for entry in entries]
        self.offsets = tuple(entry.offset for entry in entries)
        self._order = JointOrder("leader", self.leader_joints)
        _check_names("mapping names follower joint", mapping, joints)
        if leader_joints is not None:
            _check_names("mapping needs leader joint", self.leader_joints, leader_joints)

    def wish(self, sample: JointSample) -> tuple[float, ...]:
        """Positions that the operator asks of the follower, rad or m, not limited in any way.

        Raises:
            JointsUnreadable: the leader's message lacks a joint.
        """
        leader = self._order.pick(sample)
        return tuple(
            [
                factor * position + offset
                for factor, position, offset in zip(
                    self._factors, leader, self.offsets, strict=True
                )
            ]
        )


def _check_names(what: str, used: Collection[str], known: Collection[str]) -> None:
    unknown = [name for name in used if name not in known]
    if unknown:
        raise ConfigError(
            f"{what} {', '.join(unknown)}, which does not exist; known: {', '.join(known)}"
        )
