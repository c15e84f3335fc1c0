"""Words, numbers and signs of a condition, with the columns where they stand."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from teleop_collect.errors import ConfigError

MAX_CHARS = 2000
KEYWORDS = ("and", "or", "not", "then", "once", "for", "within")
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign><=|>=|<|>|[(),+\-/]))"
)


@dataclass(frozen=True)
class Token:
    """One token: `kind` is number, word, sign or end; `start` and `end` are places in the text."""

    kind: str
    text: str
    start: int
    end: int

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else f"'{self.text}'"


def tokens_of(text: str) -> Iterator[Token]:
    """Tokens of a condition; the last is the end.

    Raises:
        ConfigError: the text is too long, or holds a character of no token.
    """
    if len(text) > MAX_CHARS:
        raise ConfigError(f"a condition has at most {MAX_CHARS} characters, not {len(text)}")
    text = text.rstrip()
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            at = place + len(text[place:]) - len(text[place:].lstrip())
            raise ConfigError(f"column {at + 1}: '{text[at]}' has no meaning in a condition")
        kind = str(match.lastgroup)
        yield Token(kind, match[kind], match.start(kind), match.end(kind))
        place = match.end()
    yield Token("end", "", len(text), len(text))
