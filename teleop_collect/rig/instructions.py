"""Which of a task's wordings an episode gets: each as often as the others, in a drawn order."""

import random

from teleop_collect.rig.config import Task


def instruction_for(task: Task, task_id: str, seed: int, number: int) -> str:
    """The instruction of the `number`-th episode (from 0) of a task.

    Episodes come in rounds of as many as there are wordings. Each round has every wording once, in
    an order that `seed`, task and round draw; equal arguments give equal instructions.
    """
    wordings = [task.instruction, *task.paraphrases]
    round_number, place = divmod(number, len(wordings))
    order = random.Random(f"{seed}/{task_id}/{round_number}")  # noqa: S311 - no secret
    order.shuffle(wordings)
    return wordings[place]
