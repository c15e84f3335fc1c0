"""Which leader would ask for given follower positions: the joint mapping turned round."""

from collections.abc import Mapping, Sequence

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import JointMapping
from teleop_collect.samples import JointSample


class Unmapping:
    """Leader position = (follower position - offset) / (sign * scale), for each follower joint.

    A replay speaks for the follower's joints, and goes through the same mapping and chain as the
    leader does.

    Args:
        joints: follower joints.
        mapping: entries of the rig file by follower joint.

    Raises:
        ConfigError: one leader joint drives two follower joints, so no leader could ask for both.
    """

    def __init__(self, joints: Sequence[str], mapping: Mapping[str, JointMapping]) -> None:
        self._joints = tuple(joints)
        self._entries = [mapping.get(joint, JointMapping()) for joint in joints]
        self._leader_joints = tuple(
            entry.leader_joint or joint for joint, entry in zip(joints, self._entries, strict=True)
        )
        for index, leader in enumerate(self._leader_joints):
            first = self._leader_joints.index(leader)
            if first != index:
                raise ConfigError(
                    f"joints {joints[first]} and {joints[index]} are both driven by leader joint "
                    f"{leader}; a recorded motion of this arm cannot be driven again"
                )

    def leader(self, sample: JointSample) -> JointSample:
        """The leader's sample for a follower's; joints that the sample lacks are left out."""
        positions = dict(zip(sample.names, sample.position, strict=False))
        names, values = [], []
        for joint, leader, entry in zip(
            self._joints, self._leader_joints, self._entries, strict=True
        ):
            if joint in positions:
                names.append(leader)
                values.append((positions[joint] - entry.offset) / (entry.sign * entry.scale))
        return JointSample(sample.stamp_ns, tuple(names), tuple(values))
