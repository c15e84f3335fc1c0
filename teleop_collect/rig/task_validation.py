"""Checks of tasks and regions: instructions, and every condition's names and units."""

from collections.abc import Iterator, Mapping

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import ObjectInBox, Region, Rig, Task
from teleop_collect.rig.description import RobotDescription
from teleop_collect.rig.predicates.names import Names, names_of
from teleop_collect.rig.predicates.parser import parse_condition
from teleop_collect.rig.problem import Key, Problem, unknown_name

MAX_INSTRUCTIONS = 100


def task_problems(rig: Rig, descriptions: Mapping[str, RobotDescription]) -> Iterator[Problem]:
    """What is wrong with the regions and tasks of a rig.

    Args:
        rig: the rig.
        descriptions: of its arms, by name; they tell whether a joint is in rad or m.
    """
    for name, region in rig.regions.items():
        key: Key = ("regions", name)
        if name in rig.objects:
            yield Problem(key, "an object has the same name", with_value=False)
        yield from _box_problems(region, rig, key, ("relative_to",))
    names = names_of(rig, descriptions)
    for name, task in rig.tasks.items():
        yield from _instruction_problems(task, ("tasks", name))
        yield from _success_problems(task, rig, names, ("tasks", name))


def _instruction_problems(task: Task, key: Key) -> Iterator[Problem]:
    if not task.instruction.strip():
        yield Problem((*key, "instruction"), "must say what the operator is asked to do")
    if len(task.paraphrases) >= MAX_INSTRUCTIONS:
        text = f"at most {MAX_INSTRUCTIONS - 1} other wordings"
        yield Problem((*key, "paraphrases"), text, with_value=False)
    for number, text in enumerate(task.paraphrases):
        earlier = (task.instruction, *task.paraphrases[:number])
        if not text.strip():
            problem = "must say what the operator is asked to do"
            yield Problem((*key, "paraphrases", number), problem)
        elif text in earlier:
            yield Problem((*key, "paraphrases", number), "is given twice")


def _success_problems(task: Task, rig: Rig, names: Names, key: Key) -> Iterator[Problem]:
    if task.success is not None:
        yield from _box_problems(task.success, rig, (*key, "success"), ("object", "relative_to"))
        if task.success_when is not None:
            text = "a task has either `success` or `success_when`"
            yield Problem((*key, "success_when"), text, with_value=False)
    conditions: dict[Key, str] = {("steps", name): text for name, text in task.steps.items()}
    if task.success_when is not None:
        conditions = {("success_when",): task.success_when, **conditions}
    for place, text in conditions.items():
        try:
            parse_condition(text, names)
        except ConfigError as error:
            yield Problem((*key, *place), str(error))


def _box_problems(
    box: ObjectInBox | Region, rig: Rig, key: Key, ends: tuple[str, ...]
) -> Iterator[Problem]:
    for end in ends:
        tracked = getattr(box, end)
        if tracked is not None and tracked not in rig.objects:
            yield Problem((*key, end), unknown_name("object", rig.objects, tracked))
    if min(box.size_m) <= 0:
        yield Problem((*key, "size_m"), "every side must be greater than 0")
