"""Tasks of a rig file: what is wrong with them is said with key and line."""

from pathlib import Path

import pytest

from teleop_collect.errors import ConfigError
from teleop_collect.rig.load import load_rig

SHIPPED = load_rig("sim_tabletop")
STEP = "lift: height_above(cube, table) > 0.05 m"


def load(tmp_path: Path, old: str, new: str) -> None:
    assert old in SHIPPED.text
    path = tmp_path / "rig.yaml"
    path.write_text(SHIPPED.text.replace(old, new))
    load_rig(str(path))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            STEP,
            "lift: height_above(cub, table) > 0.05 m",
            'tasks.pick_cube.steps.lift = "height_above(cub, table) > 0.05 m": column 1: '
            "'cub': no such object; did you mean 'cube'? (known: bin, cube)",
        ),
        (
            STEP,
            "lift: height_above(cube, table) > 0.05 ft",
            "column 34: 'ft': no such unit",
        ),
        (STEP, "lift: joint(gripper) > 1 rad", "is in rad; it must be in m, cm, mm"),
        (STEP, "Lift: time() > 1 s", "as a name must be lower-case letters"),
        (
            "    steps:",
            "    success_when: inside(cube, bin_inside)\n    steps:",
            "a task has either `success` or `success_when`",
        ),
        (
            "relative_to: bin, center_m: [0.0, 0.0, 0.04]",
            "relative_to: bowl, center_m: [0.0, 0.0, 0.04]",
            'regions.bin_inside.relative_to = "bowl": no such object (known: bin, cube)',
        ),
        ("  table: {center_m", "  cube: {center_m", "regions.cube: an object has the same name"),
        (
            "- place the red cube in the bin",
            "- put the red cube into the bin",
            'tasks.pick_cube.paraphrases[0] = "put the red cube into the bin": is given twice',
        ),
    ],
)
def test_a_wrong_task_is_refused(tmp_path: Path, old: str, new: str, message: str):
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, old, new)
    assert message in str(refused.value)
    assert str(tmp_path / "rig.yaml") in str(refused.value)


def test_a_condition_takes_the_place_of_the_box(tmp_path: Path):
    box = SHIPPED.text[SHIPPED.text.index("    success:") : SHIPPED.text.index("    # docs/labels")]
    load(tmp_path, box, "    success_when: once inside(cube, bin_inside)\n")
