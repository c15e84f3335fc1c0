"""Going on without a valid rig check needs a name and a reason."""

import pytest

from teleop_collect.errors import ConfigError
from teleop_collect.rig.checks.override import parsed_override


def test_name_and_reason_are_kept():
    override = parsed_override(" op-7f3a :  board is at the workshop: back on Monday ")
    assert override is not None
    assert (override.name, override.reason) == (
        "op-7f3a",
        "board is at the workshop: back on Monday",
    )
    assert str(override) == "op-7f3a: board is at the workshop: back on Monday"


def test_nothing_is_no_override():
    assert parsed_override("  ") is None


@pytest.mark.parametrize(
    "text",
    ["because I say so", "op-7f3a:", "op-7f3a: ok", ": camera is being repaired",
     "two words: camera is being repaired", "op: " + "x" * 501],
)  # fmt: skip
def test_half_an_override_is_refused(text: str):
    with pytest.raises(ConfigError, match="must be 'NAME: REASON'"):
        parsed_override(text)
