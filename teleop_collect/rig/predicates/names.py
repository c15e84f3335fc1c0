"""The names that conditions of one rig may use."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from teleop_collect.rig.config import Arm, Rig
from teleop_collect.rig.description import RobotDescription
from teleop_collect.rig.predicates.units import Dimension

GRIPPER = "gripper"


@dataclass(frozen=True)
class Names:
    """What there is on a rig.

    Attributes:
        objects: tracked objects.
        regions: named boxes.
        joints: by arm, the dimension of each commanded joint; None where no description tells.
        with_wrench: arms that have a force-torque sensor.
    """

    objects: frozenset[str]
    regions: frozenset[str]
    joints: Mapping[str, Mapping[str, Dimension | None]]
    with_wrench: frozenset[str]

    def gripper(self, arm: str) -> str | None:
        """The arm's gripper joint; None when none or several are called so."""
        return gripper_joint(self.joints[arm])


def names_of(rig: Rig, descriptions: Mapping[str, RobotDescription] | None = None) -> Names:
    """The names of a rig; with robot descriptions, by arm, joints know whether they turn."""
    known = descriptions or {}
    return Names(
        frozenset(rig.objects),
        frozenset(rig.regions),
        {name: _joints(arm, known.get(name)) for name, arm in rig.arms.items()},
        frozenset(name for name, arm in rig.arms.items() if arm.wrench is not None),
    )


def gripper_joint(joints: Iterable[str]) -> str | None:
    """The one joint of an arm whose name says that it is a gripper."""
    found = [name for name in joints if GRIPPER in name]
    return found[0] if len(found) == 1 else None


def _joints(arm: Arm, description: RobotDescription | None) -> dict[str, Dimension | None]:
    return {name: _dimension(name, description) for name in arm.joints}


def _dimension(joint: str, description: RobotDescription | None) -> Dimension | None:
    if description is None or joint not in description.joints:
        return None
    prismatic = description.joints[joint].type == "prismatic"
    return Dimension.LENGTH if prismatic else Dimension.ANGLE
