"""Definitions and hashes of ROS message types, without ROS.

Types of common_interfaces come from the rosbags library; others from the .msg files of installed
packages. A type that is known nowhere gets an empty definition, as rosbag2 writes it, because a
recorder must not stop over it.
"""

import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rosbags.typesys import Stores, get_types_from_msg, get_typestore

SEPARATOR = "=" * 80
HEADER = "std_msgs/msg/Header"


@dataclass(frozen=True)
class MessageDefinition:
    """What an MCAP schema says about a message type.

    Attributes:
        name: `package/msg/Name`.
        text: ros2msg text with all dependencies; empty when the type is unknown.
        rihs01: type hash `RIHS01_<64 hex>` (REP-2016); empty when the type is unknown.
    """

    name: str
    text: str
    rihs01: str


@cache
def message_definition(type_name: str) -> MessageDefinition:
    """Definition of a type; never raises.

    Args:
        type_name: `package/msg/Name` or `package/Name`.
    """
    name = full_name(type_name)
    try:
        store = _store_with(name)
        dependencies: dict[str, tuple[str, str]] = {}
        text, _ = store.gendefhash(name, dependencies, 2)
        parts = [text]
        for dependency in sorted(dependencies):
            short = dependency.replace("/msg/", "/")
            parts.append(f"{SEPARATOR}\nMSG: {short}\n{dependencies[dependency][0]}")
        return MessageDefinition(name, "".join(parts), store.hash_rihs01(name))
    except Exception:
        # Whatever is wrong with somebody's .msg file, the bytes are still worth recording.
        return MessageDefinition(name, "", "")


@cache
def starts_with_header(type_name: str) -> bool:
    """Whether the first field is a std_msgs/Header: then bytes 4..12 of the CDR are its stamp."""
    name = full_name(type_name)
    try:
        fields = _store_with(name).fielddefs[name][1]
    except Exception:
        return False
    return bool(fields) and fields[0][1][1] == HEADER


def full_name(type_name: str) -> str:
    """`package/msg/Name` from it or from `package/Name`."""
    package, _, rest = type_name.partition("/")
    return type_name if "/" in rest else f"{package}/msg/{rest}"


@cache
def _store() -> Any:
    return get_typestore(Stores.ROS2_JAZZY)


def _store_with(name: str) -> Any:
    """The type store, with `name` and what it needs loaded from installed packages."""
    store = _store()
    found: dict[str, Any] = {}
    missing = [name] if name not in store.fielddefs else []
    while missing:
        wanted = missing.pop()
        types = get_types_from_msg(_share_file(wanted).read_text(), wanted)
        found.update(types)
        needed = {n for _, fields in types.values() for _, f in fields for n in _type_names(f)}
        missing += [n for n in needed if n not in store.fielddefs and n not in found]
    if found:
        store.register(found)
    return store


def _type_names(description: Any) -> list[str]:
    """Names of message types in a rosbags field description (nested tuples)."""
    if isinstance(description, str):
        return [description] if "/msg/" in description else []
    if isinstance(description, tuple):
        return [name for part in description for name in _type_names(part)]
    return []


def _share_file(name: str) -> Path:
    package, _, short = name.partition("/msg/")
    prefixes = [*os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep), sys.prefix]
    for prefix in filter(None, prefixes):
        path = Path(prefix, "share", package, "msg", f"{short}.msg")
        if path.is_file():
            return path
    raise FileNotFoundError(name)
