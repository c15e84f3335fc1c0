"""One thing that is wrong with a rig file, and the one message that says so."""

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

Key = tuple[str | int, ...]

_VALUE_CHARS = 60
_PLAIN_NAME = re.compile(r"[\w/<>-]{1,80}")


@dataclass(frozen=True)
class Problem:
    """What is wrong at one place of a rig file.

    Attributes:
        key: where, as the path of keys from the top of the file.
        text: what is wrong, with the limit or the valid choices.
        with_value: the message shows the value found there.
    """

    key: Key
    text: str
    with_value: bool = True


def dotted(key: Key) -> str:
    """`arms.main.joints[2]` for `("arms", "main", "joints", 2)`; odd names are quoted."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if _PLAIN_NAME.fullmatch(part) else shown(part)
            text += f".{name}" if text else name
    return text or "the file"


def shown(value: object) -> str:
    """A value as a message shows it: JSON, cut to a readable length."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_CHARS else text[: _VALUE_CHARS - 3] + "..."


def suggestion(word: str, choices: Iterable[str]) -> str:
    """`; did you mean 'X'?` when a choice is near the word, else nothing."""
    matches = difflib.get_close_matches(word, list(choices), n=1, cutoff=0.6)
    return f"; did you mean '{matches[0]}'?" if matches else ""


def unknown_name(kind: str, choices: Iterable[str], word: str) -> str:
    """What to say of a name that is none of the choices."""
    names = sorted(choices)
    listed = ", ".join(names) if names else "none"
    return f"no such {kind}{suggestion(word, names)} (known: {listed})"
