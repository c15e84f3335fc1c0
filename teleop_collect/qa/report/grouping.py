"""Findings that say the same of several streams, as one: a camera is four topics."""

from collections.abc import Iterable, Mapping
from typing import Any

SHOWN_STREAMS = 3


def grouped(findings: Iterable[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], str]]:
    """The first finding of each group, and its streams in words.

    Args:
        findings: of qa.json, in order; equal severity, check and message make a group.
    """
    groups: dict[tuple[object, ...], list[Mapping[str, Any]]] = {}
    for finding in findings:
        key = (finding.get("severity"), finding.get("check"), finding.get("message"))
        groups.setdefault(key, []).append(finding)
    return [
        (group[0], _listed([str(f.get("stream") or "") for f in group]))
        for group in groups.values()
    ]


def _listed(streams: list[str]) -> str:
    more = len(streams) - SHOWN_STREAMS
    return ", ".join(streams[:SHOWN_STREAMS]) + (f" and {more} more" if more > 0 else "")
