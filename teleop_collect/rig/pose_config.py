"""A leader of other kinematics: its tool's motion drives the follower's tool."""

from typing import Annotated, Literal

from pydantic import Field

from teleop_collect.rig.leader_config import Clutch
from teleop_collect.rig.section import Positive, Section, Vector3


class PoseGripper(Section):
    """Follower gripper = sign * scale * leader joint + offset."""

    joint: str = "gripper"
    """Joint of the follower."""
    leader_joint: str = "gripper"
    sign: Literal[-1, 1] = 1
    scale: float = 1.0
    offset: float = 0.0


class PoseMapping(Section):
    """The follower's tool repeats what the leader's tool does since both were indexed.

    Indexing happens when the arm begins to follow, after each silence of the leader and whenever
    the clutch is let go, so the leader can be put back without moving the follower.
    """

    urdf: str
    """Description of the leader: `builtin:NAME`, or a path relative to the rig file."""
    tool_frame: str = "tool0"
    """Link of the leader whose motion counts."""
    follower_from_leader_rpy_rad: Vector3 = (0.0, 0.0, 0.0)
    """Turns the leader's base axes into the follower's."""
    translation_scale: Annotated[float, Field(gt=0, le=10)] = 1.0
    """Metres of the follower for one metre of the leader; rotations are not scaled."""
    max_m_s: Positive = 0.25
    """Highest speed of the tool. ISO 10218-2 calls 0.25 m/s reduced speed."""
    max_rad_s: Positive = 1.0
    clutch: Clutch | None = None
    """Joint of the leader that lets it move alone while pressed."""
    gripper: PoseGripper | None = None
