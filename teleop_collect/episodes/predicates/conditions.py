"""The conditions of a task, parsed: how it is judged."""

from dataclasses import dataclass

from teleop_collect.rig.config import ObjectInBox, Region, Rig, Task
from teleop_collect.rig.predicates.names import Names
from teleop_collect.rig.predicates.parser import parse_condition
from teleop_collect.rig.predicates.syntax import Call, Condition, Truth

BOX = "(box)"
"""Stands for the region of a `success` in its short form; no region can be called so."""


@dataclass(frozen=True)
class TaskConditions:
    """What has to hold.

    Attributes:
        text: of the task's own condition; None when all steps make the success.
        success: the same, parsed.
        steps: by name, text and condition, in order.
        boxes: regions by name.
    """

    text: str | None
    success: Condition | None
    steps: dict[str, tuple[str, Condition]]
    boxes: dict[str, Region | ObjectInBox]

    @property
    def all(self) -> list[Condition]:
        """Every condition."""
        own = [] if self.success is None else [self.success]
        return own + [condition for _, condition in self.steps.values()]


def conditions_of(task: Task, rig: Rig, names: Names) -> TaskConditions | None:
    """The conditions of a task; None when it has none, so that nothing can judge it.

    Raises:
        ConfigError: one is wrong, or names what the rig does not have.
    """
    steps = {name: (text, parse_condition(text, names)) for name, text in task.steps.items()}
    boxes: dict[str, Region | ObjectInBox] = dict(rig.regions)
    if task.success is not None:
        text = f"inside({task.success.object}, box)"
        call = Call("inside", (task.success.object, BOX))
        return TaskConditions(text, Truth(call, text), steps, {**boxes, BOX: task.success})
    if task.success_when is not None:
        success = parse_condition(task.success_when, names)
        return TaskConditions(task.success_when, success, steps, boxes)
    return TaskConditions(None, None, steps, boxes) if steps else None
