"""Who goes on without a valid rig check, and why: both are asked for, and both are recorded."""

import re
from dataclasses import dataclass

from teleop_collect.errors import ConfigError

MAX_REASON = 500
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LEAST_REASON = 8
"""Characters; `ok` is no reason."""


@dataclass(frozen=True)
class Override:
    """A person's decision."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


def parsed_override(text: str) -> Override | None:
    """Read `NAME: REASON`; None when the text is empty.

    Raises:
        ConfigError: a name or a reason is missing, or too long.
    """
    if not text.strip():
        return None
    name, colon, reason = (part.strip() for part in text.partition(":"))
    if not colon or not _NAME.fullmatch(name) or not _LEAST_REASON <= len(reason) <= MAX_REASON:
        raise ConfigError(
            f"an override of the rig check is {text[:80]!r}; it must be 'NAME: REASON' with a "
            f"pseudonym of up to 64 letters, digits, _ . - and {_LEAST_REASON} to {MAX_REASON} "
            "characters of reason, such as 'op-7f3a: camera board is at the workshop'"
        )
    return Override(name, reason)
