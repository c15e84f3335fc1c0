"""What operators are asked to do, in which words, and when it has worked."""

from typing import Annotated, Literal

from pydantic import Field

from teleop_collect.rig.section import Name, Section, Vector3


class ObjectInBox(Section):
    """Success: an object's centre lies inside a box at the end of the episode."""

    kind: Literal["object_in_box"] = "object_in_box"
    object: str
    relative_to: str | None = None
    """Another tracked object in whose frame the box is given; the world when absent."""
    center_m: Vector3
    size_m: Vector3


class Region(Section):
    """A box that conditions name, for example the inside of a bin or a place on the table."""

    relative_to: str | None = None
    """A tracked object in whose frame the box is given; the frame of the poses when absent."""
    center_m: Vector3
    size_m: Vector3
    yaw_rad: float = 0.0
    """Turn about z."""


class Task(Section):
    """What the operator is asked to do."""

    instruction: str
    paraphrases: tuple[str, ...] = ()
    """Other words for the instruction; each episode gets one of them or the instruction itself,
    drawn by the rig's `instruction_seed`."""
    success: ObjectInBox | None = None
    """Short form of `success_when: inside(object, box)`."""
    success_when: Annotated[str, Field(min_length=1)] | None = None
    """Condition that must hold at the end (docs/labels.md); all steps when both are absent."""
    steps: dict[Name, str] = Field(default_factory=dict)
    """Steps by name in their order: each is reached when its condition first holds after the step
    before it was reached."""
    target_episodes: Annotated[int, Field(ge=1)] | None = None
    """How many episodes are wanted; shown to the operator."""
