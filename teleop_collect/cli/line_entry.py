"""A line of text that an operator types key by key, while the rig goes on."""

from collections.abc import Callable

MOST = 200
"""Characters of a line; more are not taken."""
ENTER, ESCAPE, BACKSPACE = ("\r", "\n"), "\x1b", ("\x7f", "\b")


class LineEntry:
    """One line.

    Args:
        prompt: what is asked.
        then: takes the line when it is not empty.

    Attributes:
        is_done: whether Enter or Esc ended it.
    """

    def __init__(self, prompt: str, then: Callable[[str], None]) -> None:
        self._prompt, self.then = prompt, then
        self._text = ""
        self.is_done = False

    @property
    def shown(self) -> str:
        """The line as it stands, with the keys that end it."""
        return f"{self._prompt}? (Enter ends, Esc leaves it out, Ctrl-X stops the arm) {self._text}"

    def pressed(self, key: str) -> str:
        """Take a key; returns the whole line when it ended with one, else nothing."""
        if key in ENTER or key == ESCAPE:
            self.is_done = True
            return "" if key == ESCAPE else self._text.strip()
        if key in BACKSPACE:
            self._text = self._text[:-1]
        elif key.isprintable():
            self._text = (self._text + key)[:MOST]
        return ""
