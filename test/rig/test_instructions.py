from teleop_collect.rig.config import Task
from teleop_collect.rig.instructions import instruction_for

TASK = Task(instruction="a", paraphrases=("b", "c"))


def drawn(seed: int, count: int) -> list[str]:
    return [instruction_for(TASK, "pick", seed, number) for number in range(count)]


def test_each_round_has_every_wording_once():
    found = drawn(0, 30)
    assert all(sorted(found[start : start + 3]) == ["a", "b", "c"] for start in range(0, 30, 3))
    assert len({tuple(found[start : start + 3]) for start in range(0, 30, 3)}) > 1


def test_the_seed_decides():
    assert drawn(1, 30) == drawn(1, 30)
    assert drawn(1, 30) != drawn(2, 30)


def test_without_paraphrases_it_is_the_instruction():
    assert instruction_for(Task(instruction="a"), "pick", 3, 7) == "a"
