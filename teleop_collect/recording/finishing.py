"""The end of an episode: everything queued is written, then the file is closed and published.

Or it is left to salvage, or thrown away. Waiting has a bound, and the operator hears of it.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from teleop_collect.episodes.labels import Label
from teleop_collect.episodes.root import DISCARDED, discard
from teleop_collect.errors import CheckFailed
from teleop_collect.provenance.manifest import Manifest, Termination
from teleop_collect.recording.current_episode import CurrentEpisode
from teleop_collect.recording.episode_plan import EpisodeEnd, final_manifest
from teleop_collect.recording.file_system import FileSystem
from teleop_collect.recording.labels import label_line, predicate_label
from teleop_collect.recording.open_episode import OpenEpisode
from teleop_collect.recording.request import EpisodeResult
from teleop_collect.topics import Stream

DRAIN_TIMEOUT_S = 30.0
"""A stop waits at most this long for what is queued to be written."""
DRAIN_REPORT_S = 1.0
"""How often a waiting stop says how much is left."""

Report = Callable[[int], None]
"""Told how many bytes still wait to be written."""


def finish(
    current: CurrentEpisode,
    termination: Termination,
    ended_ns: int,
    streams: Mapping[str, Stream],
    report: Report,
) -> Manifest:
    """Write what is queued, close the file and publish the folder.

    Args:
        current: takes no more messages.
        termination: why it ended; a disk fault found meanwhile overrides it.
        ended_ns: when, UTC ns.
        streams: by absolute topic.
        report: called each second that the disk makes the operator wait.

    Raises:
        OSError: the disk refused, or did not answer in time.
    """
    episode = current.open
    drain(episode, report)
    end = EpisodeEnd(
        ended_ns=ended_ns,
        termination="fault" if episode.error else termination,
        outcome=current.outcome(ended_ns),
        clock_steps=current.clock_steps,
    )
    manifest = final_manifest(episode.manifest, end, streams, episode.ledgers, episode.skew)
    return episode.finish(manifest, labels_while_recording(current, ended_ns))


def labels_while_recording(current: CurrentEpisode, ended_ns: int) -> bytes:
    """Lines of labels.jsonl: what operator and predicates said by the end of the episode.

    An episode of a task without predicates has its operator's word in the manifest alone.
    """
    if current.judgement is None:
        return b""
    said = [predicate_label(current.judgement, ended_ns)]
    if current.operator_label is not None:
        who = current.open.manifest.operator
        said.insert(0, Label(ended_ns, current.operator_label, current.reason, who))
    return b"".join(label_line(label, current.open.place.episode_id) for label in said)


def drain(episode: OpenEpisode, report: Report) -> None:
    """Wait until everything queued is written.

    Raises:
        OSError: the disk did not answer in time.
    """
    deadline = time.monotonic() + DRAIN_TIMEOUT_S
    while not episode.drain(DRAIN_REPORT_S):
        if time.monotonic() > deadline:
            raise OSError(f"the disk did not answer for {DRAIN_TIMEOUT_S:g} s")
        report(episode.queue.bytes)


def leave_to_salvage(episode: OpenEpisode, error: OSError) -> CheckFailed:
    """Close what cannot be finished; returns what to tell the person."""
    place, cause = episode.place, error.strerror or error
    with suppress(OSError):
        episode.abandon()
    if place.final.exists():
        return CheckFailed(f"episode {place.episode_id} may not be safe on the disk: {cause}")
    return CheckFailed(
        f"episode {place.episode_id} could not be finished: {cause}; its data are in"
        f" {place.in_progress}; make room or change the disk, then run:"
        f" teleop-collect salvage {place.in_progress}"
    )


def throw_away(episode: OpenEpisode, report: Report) -> None:
    """Remove an episode that takes no more messages.

    Raises:
        CheckFailed: its folder could not be removed.
    """
    try:
        drain(episode, report)
        episode.remove()
    except OSError as error:
        raise CheckFailed(
            f"cannot remove {episode.place.in_progress}: {error.strerror or error}"
        ) from None


def set_aside(result: EpisodeResult, calls: FileSystem) -> Path:
    """Move a finished episode to `<root>/discarded`; returns its new folder.

    Raises:
        CheckFailed: it could not be moved.
    """
    try:
        return discard(result.path, calls)
    except OSError as error:
        cause = error.strerror or error
        if not result.path.exists():
            raise CheckFailed(
                f"{result.path} is moved to {DISCARDED}, but may come back after a loss of power:"
                f" {cause}"
            ) from None
        raise CheckFailed(f"cannot move {result.path}: {cause}") from None
