"""docs/labels.md: every function and unit stands in it, and its examples are valid."""

import re
from pathlib import Path

import pytest

from teleop_collect.rig.predicates.functions import FUNCTIONS
from teleop_collect.rig.predicates.names import Names
from teleop_collect.rig.predicates.parser import parse_condition
from teleop_collect.rig.predicates.tokens import KEYWORDS
from teleop_collect.rig.predicates.units import UNITS, Dimension

TEXT = (Path(__file__).parents[3] / "docs" / "labels.md").read_text()
EXAMPLES = TEXT[TEXT.index("| to say | write |") : TEXT.index("A mistake is refused")]
NAMES = Names(
    objects=frozenset({"cube", "bin", "drawer", "cup"}),
    regions=frozenset({"table", "bin_inside"}),
    joints={"main": {"drawer_slide": Dimension.LENGTH, "gripper": Dimension.LENGTH}},
    with_wrench=frozenset({"main"}),
)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_is_documented(function: str):
    assert f"`{function}(" in TEXT


def test_every_unit_and_keyword_is_documented():
    units = TEXT[TEXT.index("Units: ") :].partition(". ")[0]
    assert set(re.findall(r"[A-Za-z/]+", units)) >= set(UNITS)
    assert all(word in TEXT for word in KEYWORDS)


def test_the_examples_are_valid():
    examples = re.findall(r"`([^`]+)`", EXAMPLES)
    assert len(examples) >= 6
    for example in examples:
        parse_condition(example, NAMES)
