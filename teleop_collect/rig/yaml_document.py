"""Reads YAML as data that JSON could hold, and remembers the line of every key.

Safer and stricter than `yaml.safe_load`: no tags, no duplicate keys, no alias bombs, bounded size
and depth. Scalars follow YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema), so
`no` is text and `1e6` is a number. Keys are always text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from teleop_collect.errors import ConfigError
from teleop_collect.rig.problem import Key, dotted, shown

MAX_BYTES = 1 << 20
MAX_DEPTH = 24
MAX_NODES = 20_000
"""Values after aliases are expanded; the shipped rigs have some hundred."""

_NULL = re.compile(r"(null|Null|NULL|~)?")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]{1,300}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,9})?")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

_DEFAULT_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))
_MERGE = "<<"


@dataclass(frozen=True)
class YamlDocument:
    """The data of one file.

    Attributes:
        data: dicts with text keys, lists, str, int, float, bool and None.
        lines: line number (from 1) of each key path.
    """

    data: Any
    lines: Mapping[Key, int]

    def line(self, key: Key) -> int:
        """Line of a key, or of the nearest part of its path that the file has."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def value(self, key: Key) -> Any:
        """The value at a key path.

        Raises:
            LookupError: the file has no such key.
        """
        value = self.data
        for part in key:
            if not isinstance(value, (dict, list)):
                raise LookupError(dotted(key))
            value = value[part]  # type: ignore[index]
        return value


class _Nodes(Reader, Scanner, Parser, Composer, BaseResolver):
    """Composes nodes without building objects, to a bounded depth."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ConfigError(f"{self.line + 1}: nested deeper than {MAX_DEPTH} levels")
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node


@dataclass
class _Reading:
    """Turns nodes into data while counting them."""

    lines: dict[Key, int] = field(default_factory=dict)
    nodes: int = 0
    merges: int = 0
    """How many `<<` lie around this reading."""

    def value(self, node: yaml.Node, key: Key) -> Any:
        line = node.start_mark.line + 1
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise ConfigError(f"{line}: the file expands to more than {MAX_NODES} values")
        if len(key) + self.merges > MAX_DEPTH:
            raise ConfigError(f"{line}: aliases nest deeper than {MAX_DEPTH} levels")
        if node.tag not in _DEFAULT_TAGS:
            raise ConfigError(f"{line}: {dotted(key)}: the tag {shown(node.tag)} is not allowed")
        self.lines.setdefault(key, line)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, key)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*key, index)) for index, item in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, key: Key) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: list[yaml.Node] = []
        for name_node, value_node in node.value:
            name, line = self._name(name_node, key), name_node.start_mark.line + 1
            if name == _MERGE and name_node.style is None:
                is_list = isinstance(value_node, yaml.SequenceNode)
                merged += value_node.value if is_list else [value_node]
                continue
            if name in own:
                first = self.lines[(*key, name)]
                raise ConfigError(
                    f"{line}: {dotted((*key, name))}: duplicate key, first given in line {first}"
                )
            self.lines[(*key, name)] = line
            own[name] = self.value(value_node, (*key, name))
        for source in merged:
            own = self._merge(source, key) | own
        return own

    def _merge(self, source: yaml.Node, key: Key) -> dict[str, Any]:
        if not isinstance(source, yaml.MappingNode):
            line = source.start_mark.line + 1
            raise ConfigError(f"{line}: {dotted(key)}: << takes an alias of a mapping")
        inner = _Reading(nodes=self.nodes, merges=self.merges + 1)
        data: dict[str, Any] = inner.value(source, key)
        self.nodes = inner.nodes
        for path, line in inner.lines.items():
            self.lines.setdefault(path, line)
        return data

    @staticmethod
    def _name(node: yaml.Node, key: Key) -> str:
        line = node.start_mark.line + 1
        if not isinstance(node, yaml.ScalarNode):
            raise ConfigError(f"{line}: {dotted(key)}: a key must be text")
        return _encodable(str(node.value), line)


def _encodable(text: str, line: int) -> str:
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise ConfigError(f"{line}: text holds half of a UTF-16 pair, which is no character")
    return text


def _scalar(node: yaml.ScalarNode) -> str | int | float | bool | None:
    text = _encodable(str(node.value), node.start_mark.line + 1)
    if node.style is not None:  # quoted or block text
        return text
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INFINITE.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text


def parse_yaml(raw: bytes) -> YamlDocument:
    """Parse one YAML document.

    Args:
        raw: the file's content, UTF-8.

    Raises:
        ConfigError: too large, not UTF-8, not YAML, or YAML that this reader refuses. The message
            starts with the line number, for the caller to put the file's name in front.
    """
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"1: the file has more than {MAX_BYTES} bytes")
    try:
        node = _Nodes(raw.decode("utf-8")).get_single_node()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{line}: the text is not UTF-8 (byte {error.start})") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise ConfigError(f"{line}: not YAML: {error.problem} (column {column})") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"1: not YAML: {str(error).splitlines()[0]}") from None
    reading = _Reading()
    data = None if node is None else reading.value(node, ())
    return YamlDocument(data, reading.lines)
