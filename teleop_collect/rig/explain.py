"""Turns a typing error of a rig file into one problem that a person can act on."""

import re
import types
import typing
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from teleop_collect.rig.problem import Key, Problem, suggestion, unknown_name

_UNITS = {
    "hz": "hertz",
    "s": "seconds",
    "m": "metres",
    "rad": "radians",
    "a": "amperes",
    "us": "microseconds",
    "nm_a": "newton metres an ampere",
    "m_s": "metres a second",
    "rad_s": "radians a second",
    "m_s2": "metres a second squared",
    "rad_s2": "radians a second squared",
    "bytes": "bytes",
}
_UNIT_SUFFIX = re.compile(
    r"_((?:m|mm|cm|rad|deg|degrees?)_s2?|hz|khz|s|ms|us|ns|sec|seconds?|m|mm|cm|rad|deg|degrees?|"
    r"bytes|kb|mb|gb|mib)$"
)

_TYPES = {
    "string_type": "must be text",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "dict_type": "must be a mapping of names to values",
    "model_type": "must be a mapping of keys to values",
    "tuple_type": "must be a list",
    "finite_number": "must be a finite number",
}

_LIMITS = {
    "greater_than": ("greater than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}

_PATTERNS = {
    r"^[a-z][a-z0-9_]{0,63}$": "lower-case letters, digits and _, a letter first, at most 64",
    r"^([a-z][a-z0-9_]{0,31})?$": "empty, or lower-case letters, digits and _, a letter first, "
    "at most 32",
    r"^[a-z0-9_]+/msg/[A-Za-z0-9]+$": "a message type such as sensor_msgs/msg/Imu",
    r"^-?(x|y|z|roll|pitch|yaw)$|^off$": "x, y, z, roll, pitch or yaw, - in front to turn it "
    "round, or off",
    r"^[A-Za-z0-9_.-]{1,64}$": "letters, digits, '_', '.' and '-', at most 64",
}


def explain(error: ValidationError, model: type[BaseModel]) -> Problem:
    """The first thing to repair: unknown keys before missing ones before wrong values.

    Args:
        error: what validation found.
        model: the type that was validated.
    """
    order = {"extra_forbidden": 0, "missing": 1}
    details = min(error.errors(), key=lambda item: order.get(item["type"], 2))
    more = error.error_count() - 1
    problem = _problem(details, model)
    if not more:
        return problem
    return Problem(problem.key, f"{problem.text} (and {more} more)", problem.with_value)


def _problem(details: ErrorDetails, model: type[BaseModel]) -> Problem:
    kind, place = details["type"], tuple(details["loc"])
    if kind == "union_tag_not_found":
        key = _file_key(place, model)
        drivers = " or ".join(sorted(_variants(_annotation(model, place))))
        return Problem(key, f"needs the key 'driver': {drivers}", with_value=False)
    if kind == "union_tag_invalid":
        text = unknown_name("driver", _variants(_annotation(model, place)), details["ctx"]["tag"])
        return Problem((*_file_key(place, model), "driver"), text)
    problem = _typed_problem(details, place, model)
    return Problem(_file_key(problem.key, model), problem.text, problem.with_value)


def _typed_problem(details: ErrorDetails, key: Key, model: type[BaseModel]) -> Problem:
    kind = details["type"]
    limits: dict[str, Any] = details.get("ctx", {})
    if key and key[-1] == "[key]":
        return Problem(key[:-1], f"as a name must be {_pattern(limits)}", with_value=False)
    if kind == "extra_forbidden":
        return Problem(key, _unknown_key(str(key[-1]), _fields(model, key[:-1])))
    if kind == "missing":
        return _missing(key, model)
    if kind == "literal_error":
        return Problem(key, _choices(details["input"], _annotation(model, key)))
    if kind == "string_pattern_mismatch":
        return Problem(key, f"must be {_pattern(limits)}")
    if kind == "string_too_short":
        return Problem(key, "must not be empty")
    if kind == "too_long":
        return Problem(key, f"must have {limits.get('max_length')} entries")
    if kind in _LIMITS:
        words, name = _LIMITS[kind]
        return Problem(key, f"must be {words} {limits[name]:g}")
    return Problem(key, _TYPES.get(kind, "is not valid here"))


def _pattern(limits: dict[str, Any]) -> str:
    pattern = str(limits.get("pattern", ""))
    return _PATTERNS.get(pattern, f"text that matches {pattern}")


def _missing(key: Key, model: type[BaseModel]) -> Problem:
    if isinstance(key[-1], int):
        size = len(get_args(_annotation(model, key[:-1])))
        return Problem(key[:-1], f"must have {size} entries")
    return Problem(key, "this key is missing and has no default", with_value=False)


def _unknown_key(word: str, known: list[str]) -> str:
    stem = _UNIT_SUFFIX.sub("", word)
    for name in known:
        suffix = _UNIT_SUFFIX.search(name)
        if suffix and name != word and _UNIT_SUFFIX.sub("", name) == stem:
            unit = _UNITS.get(suffix.group(1), suffix.group(1))
            return f"unknown key; did you mean '{name}' (in {unit})?"
    return f"unknown key{suggestion(word, known)} (known here: {', '.join(known)})"


def _choices(value: object, annotation: Any) -> str:
    choices = [str(choice) for choice in get_args(annotation)]
    hint = suggestion(value, choices) if isinstance(value, str) else ""
    return f"must be {' or '.join(choices)}{hint}"


def _fields(model: type[BaseModel], key: Key) -> list[str]:
    annotation = _annotation(model, key)
    fields: dict[str, Any] = getattr(annotation, "model_fields", {})
    return sorted(info.alias or name for name, info in fields.items())


def _annotation(model: type[BaseModel], key: Key) -> Any:
    """The type that a key path has in the model."""
    annotation: Any = model
    for part in key:
        annotation = _inner(annotation, part)
    return annotation


def _file_key(place: Key, model: type[BaseModel]) -> Key:
    """A place without the drivers that pydantic names where a driver chooses the type."""
    annotation: Any = model
    key: list[str | int] = []
    for index, part in enumerate(place, 1):
        if part not in _variants(annotation):
            key.append(part)
        if index < len(place):  # the last part may be an unknown key
            annotation = _inner(annotation, part)
    return tuple(key)


def _variants(annotation: Any) -> dict[str, type[BaseModel]]:
    """The types among which a driver chooses, by driver; empty elsewhere."""
    if get_origin(annotation) not in (typing.Union, types.UnionType):
        return {}
    return {get_args(m.model_fields["driver"].annotation)[0]: m for m in _members(annotation)}


def _members(annotation: Any) -> list[Any]:
    return [_bare(a) for a in get_args(annotation) if a is not types.NoneType]


def _inner(annotation: Any, part: str | int) -> Any:
    if variants := _variants(annotation):
        return variants[str(part)]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields
        match = next(info for name, info in fields.items() if (info.alias or name) == part)
        return _bare(match.annotation)
    arguments = get_args(annotation)
    if get_origin(annotation) is dict:
        return _bare(arguments[1])
    return _bare(arguments[0])


def _bare(annotation: Any) -> Any:
    """A type without `Annotated[...]` and `| None`; a choice of several types stays one."""
    if get_origin(annotation) is typing.Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (typing.Union, types.UnionType):
        members = _members(annotation)
        return members[0] if len(members) == 1 else annotation
    return annotation
