"""From serialised ROS 2 messages to Python, by the definition that the file itself carries.

Decoding generates code from that definition, so names and sizes in a foreign definition are
checked first.
"""

import re
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from rosbags.interfaces import Nodetype
from rosbags.serde import SerdeError
from rosbags.typesys import Stores, TypesysError, get_types_from_msg, get_typestore

from teleop_collect.clock import NS_PER_S
from teleop_collect.errors import UnreadableError

TYPE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,127}/msg/[A-Za-z][A-Za-z0-9_]{0,127}")
FIXED_LENGTH = re.compile(r"\[(?:<=)?(\d+)\]")
MAX_FIXED_LENGTH = 4096
MAX_DEFINITION_BYTES = 64 << 10
ENCAPSULATION_BYTES = 4
HEADER = (Nodetype.NAME, "std_msgs/msg/Header")
TIME_LITTLE, TIME_BIG = struct.Struct("<iI"), struct.Struct(">iI")

Decode = Callable[[bytes | memoryview], Any]


class Decoder:
    """Decodes the messages of one type.

    Args:
        type_name: `package/msg/Name`.
        definition: the type's ros2msg text with all its parts.

    Raises:
        UnreadableError: the definition is not one that can be used.
    """

    def __init__(self, type_name: str, definition: str) -> None:
        self.type_name = type_name
        self._store = _store(type_name, definition)
        fields = self._store.fielddefs[type_name][1]
        self.has_header = bool(fields) and tuple(fields[0][1]) == HEADER

    def decode(self, data: bytes | memoryview) -> Any:
        """One message as an object with the fields of its type; arrays are views of `data`.

        Raises:
            UnreadableError: the bytes do not fit the definition.
        """
        try:
            return self._store.deserialize_cdr(data, self.type_name)
        except (SerdeError, struct.error, ValueError, IndexError, RecursionError) as error:
            raise UnreadableError(f"a {self.type_name} message is malformed: {error}") from error

    def stamp_ns(self, data: bytes | memoryview, log_ns: int) -> int:
        """Header stamp (ns since the Unix epoch), or `log_ns` when the type has no header."""
        if not self.has_header or len(data) < ENCAPSULATION_BYTES + TIME_LITTLE.size:
            return log_ns
        layout = TIME_LITTLE if data[1] else TIME_BIG
        sec, nanosec = layout.unpack_from(data, ENCAPSULATION_BYTES)
        return int(sec) * NS_PER_S + int(nanosec)


@lru_cache(maxsize=256)
def decoder(type_name: str, encoding: str, definition: bytes) -> Decoder | None:
    """The decoder of a schema; None when its definition cannot be used.

    Args:
        type_name: the schema's name.
        encoding: the schema's encoding; only `ros2msg` is understood.
        definition: the schema's data.
    """
    if encoding != "ros2msg" or len(definition) > MAX_DEFINITION_BYTES:
        return None
    try:
        return Decoder(type_name, definition.decode())
    except (UnreadableError, UnicodeDecodeError):
        return None


def _store(type_name: str, definition: str) -> Any:
    if not TYPE_NAME.fullmatch(type_name):
        raise UnreadableError(f"type name {type_name[:80]!r} is not package/msg/Name")
    if any(int(n) > MAX_FIXED_LENGTH for n in FIXED_LENGTH.findall(definition)):
        raise UnreadableError(f"{type_name} has an array of more than {MAX_FIXED_LENGTH} entries")
    store = get_typestore(Stores.EMPTY)
    try:
        types = get_types_from_msg(definition, type_name)
        if not all(TYPE_NAME.fullmatch(name) for name in types):
            raise UnreadableError(f"{type_name} is defined with a name that is not allowed")
        store.register(types)
        store.get_msgdef(type_name)
    except (TypesysError, KeyError, ValueError, AssertionError, SyntaxError, RecursionError) as e:
        raise UnreadableError(f"the definition of {type_name} cannot be used: {e}") from e
    return store
