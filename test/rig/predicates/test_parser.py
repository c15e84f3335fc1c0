import pytest

from teleop_collect.errors import ConfigError
from teleop_collect.rig.predicates.names import Names
from teleop_collect.rig.predicates.parser import parse_condition
from teleop_collect.rig.predicates.syntax import (
    And,
    Call,
    Comparison,
    Lasting,
    Not,
    Once,
    Or,
    Quantity,
    Sum,
    Then,
    Truth,
    Within,
)
from teleop_collect.rig.predicates.units import Dimension

NAMES = Names(
    objects=frozenset({"cube", "bin", "drawer"}),
    regions=frozenset({"table", "bin_inside"}),
    joints={"main": {"elbow": Dimension.ANGLE, "gripper": Dimension.LENGTH, "lid": None}},
    with_wrench=frozenset({"main"}),
)
TWO_ARMS = Names(
    objects=frozenset({"cube"}),
    regions=frozenset(),
    joints={"left": {"elbow": Dimension.ANGLE}, "right": {"elbow": Dimension.ANGLE}},
    with_wrench=frozenset({"right"}),
)


def number(text: str) -> Quantity:
    """The number on the right side of a comparison with a length."""
    found = parse_condition(f"height(cube) > {text}", NAMES)
    assert isinstance(found, Comparison)
    return found.right.terms[0][1]


def test_the_examples_of_the_documentation():
    above = Comparison(
        Sum(((1, Call("height_above", ("cube", "table"))),)),
        ">",
        Sum(((1, Quantity(0.05, Dimension.LENGTH)),)),
        Dimension.LENGTH,
        "height_above(cube, table) > 0.05 m",
    )
    inside = Truth(Call("inside", ("cube", "bin_inside")), "inside(cube, bin_inside)")
    grasping = Truth(Call("grasping", ("main",)), "grasping()")
    for text, expected in (
        ("height_above(cube, table) > 0.05 m within 10 s", Within(above, 10.0)),
        ("inside(cube, bin_inside)", inside),
        ("once grasping() for 1 s", Once(Lasting(grasping, 1.0))),
        ("grasping() and not inside(cube, bin_inside)", And((grasping, Not(inside)))),
        ("grasping() then inside(cube, bin_inside)", Then(grasping, inside)),
        (
            "(grasping() or inside(cube, bin_inside)) for 500 ms",
            Lasting(Or((grasping, inside)), 0.5),
        ),
    ):
        assert parse_condition(text, NAMES) == expected


@pytest.mark.parametrize(
    ("text", "metres"), [("12 cm", 0.12), ("12cm", 0.12), ("120 mm", 0.12), ("1.2e-1 m", 0.12)]
)
def test_units_of_one_dimension_say_the_same(text: str, metres: float):
    assert number(text).value == pytest.approx(metres, abs=1e-12)


def test_a_drawer_opened_by_a_length_and_a_joint_by_an_angle():
    drawer = parse_condition("moved(drawer) >= 0.12 m", NAMES)
    assert isinstance(drawer, Comparison)
    assert drawer.left.terms == ((1, Call("moved", ("drawer",))),)
    elbow = parse_condition("joint(elbow) - 10 deg < 1 rad", NAMES)
    assert isinstance(elbow, Comparison)
    assert elbow.dimension is Dimension.ANGLE
    assert parse_condition("joint(lid) > 1 rad", NAMES) != parse_condition(
        "joint(lid) > 1 m", NAMES
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "inside(cub, table)",
            "column 1: 'cub': no such object; did you mean 'cube'? (known: bin, cube, drawer)",
        ),
        (
            "inside(cube, tabel)",
            "column 1: 'tabel': no such region; did you mean 'table'? (known: bin_inside, table)",
        ),
        (
            "height_above(cube, shelf) > 1 m",
            "column 1: 'shelf': no such object or region "
            "(known: bin, bin_inside, cube, drawer, table)",
        ),
        (
            "joint(elbo) > 1 rad",
            "column 1: 'elbo': no such joint; did you mean 'elbow'? (known: elbow, gripper, lid)",
        ),
        (
            "height(cube) > 5 inch",
            "column 18: 'inch': no such unit (known: N, Nm, cm, deg, deg/s, m, m/s, mm, mm/s, ms, "
            "rad, rad/s, s)",
        ),
        ("height(cube) > 5 deg", "column 16: is in rad; it must be in m, cm, mm"),
        ("joint(gripper) > 1 rad", "column 18: is in rad; it must be in m, cm, mm"),
        (
            "height(cube) > 5",
            "column 17: '5' needs a unit: m, cm, mm, rad, deg, s, ms, m/s, mm/s, rad/s, deg/s, N, "
            "Nm",
        ),
        ("grasping() for 1 m", "column 16: needs a time (s, ms), not m"),
        ("joint(elbow, left) > 1 rad", "column 1: 'left': no such arm (known: main)"),
        (
            "height(cube)",
            "column 13: 'height(cube)' is a number; compare it with <, <=, > or >=, not the end",
        ),
        ("height(cube) = 1 m", "column 14: '=' has no meaning in a condition"),
        ("grasping() + 1 m > 2 m", "column 14: grasping() is true or false, no number to add"),
        ("1 m > grasping()", "column 7: grasping() is true or false, no number to add"),
        ("-grasping()", "column 1: grasping() is true or false, no number to add"),
        ("(grasping()", "column 12: needs ')', not the end"),
        ("grasping() grasping()", "column 12: 'grasping' does not continue a condition"),
        ("5 m", "column 4: '5 m' is a number; compare it with <, <=, > or >=, not the end"),
        ("", "column 1: needs a function or a number, not the end"),
        ("inside(cube)", "column 1: inside(object, region) takes 2 names"),
        ("height(cube) > 1e999 m", "column 16: '1e999' is too large"),
        ("(" * 30 + "grasping()" + ")" * 30, "nested deeper than 20 times"),
        ("x" * 3000, "a condition has at most 2000 characters, not 3000"),
    ],
)
def test_mistakes_are_refused_with_what_is_valid(text: str, message: str):
    with pytest.raises(ConfigError) as refused:
        parse_condition(text, NAMES)
    assert message in str(refused.value)


def test_an_unknown_function_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match=r"'heigth': no such function; did you mean 'height'\?"):
        parse_condition("heigth(cube) > 1 m", NAMES)


def test_with_several_arms_the_arm_is_named():
    with pytest.raises(ConfigError, match=r"joint\(\) needs the arm as its last name \(known: l"):
        parse_condition("joint(elbow) > 1 rad", TWO_ARMS)
    with pytest.raises(ConfigError, match="arm 'left' has no wrench sensor \\(right has one\\)"):
        parse_condition("force(left) > 1 N", TWO_ARMS)
    with pytest.raises(ConfigError, match="not exactly one joint with 'gripper' in its name"):
        parse_condition("grasping(left)", TWO_ARMS)
    assert parse_condition("force(right) > 1 N", TWO_ARMS)
