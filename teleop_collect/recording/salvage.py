"""Recovers interrupted episodes into new, complete ones. The original is never changed or deleted.

An interrupted episode's folder becomes an episode of its own root, with a manifest that says
`recovered`; what the interrupted recorder left moves to `<root>/salvaged/<episode_id>/`, so that it
is recovered once, also where the episode is discarded later. Any other MCAP file gets a sibling
`<name>.recovered.mcap`; that of a published episode goes to `<root>/salvaged/`, because a published
folder is never changed. An episode that was closed but not yet published only moves to its place.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from teleop_collect.episodes.folder_calls import move_folder
from teleop_collect.episodes.labels import FILE_NAME as LABELS_FILE
from teleop_collect.episodes.root import DISCARDED
from teleop_collect.errors import (
    EXIT_GOOD,
    EXIT_SALVAGED_WITH_LOSS,
    CheckFailed,
    ConfigError,
    UnreadableError,
)
from teleop_collect.provenance.manifest import MANIFEST_FILE, Manifest, read_manifest
from teleop_collect.recording.bag_metadata import metadata_yaml
from teleop_collect.recording.episode_file import publish_folder, write_durably
from teleop_collect.recording.file_system import FileSystem
from teleop_collect.recording.index_store import INDEX_SUFFIX
from teleop_collect.recording.place import (
    ACTIVE_SUFFIX,
    EPISODES,
    IN_PROGRESS,
    METADATA_FILE,
    SALVAGED,
    Place,
)
from teleop_collect.recording.preflight import RootLock
from teleop_collect.recording.recovered_manifest import recovered_manifest
from teleop_collect.recording.reserved_space import SPARE_SUFFIX
from teleop_collect.recording.rewriting import Pause, file_sha256, go_on, rewrite
from teleop_collect.recording.salvage_reader import Damage
from teleop_collect.recording.salvage_writer import Recovered
from teleop_collect.recording.small_files import PART_SUFFIX

STAGING_SUFFIX = ".salvage"
LEFTOVERS = (SPARE_SUFFIX, INDEX_SUFFIX, PART_SUFFIX)
"""Files that a recorder needs only while it runs."""
SPARE_FACTOR = 1.1
"""A new file may be a little larger than what it was made from."""


@dataclass(frozen=True)
class SalvageReport:
    """What a salvage did.

    Attributes:
        source: file that was read.
        output: new episode folder or file.
        messages: messages recovered.
        chunks_discarded: damaged chunks left out.
        records_discarded: other damaged records left out.
        bytes_ignored: bytes at the end of the source that were not read.
        lossless: whether the source was complete.
        reasons: what was wrong with it.
    """

    source: Path
    output: Path
    messages: int
    chunks_discarded: int
    records_discarded: int
    bytes_ignored: int
    lossless: bool
    reasons: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 when nothing was lost, 3 when something was or may have been."""
        return EXIT_GOOD if self.lossless else EXIT_SALVAGED_WITH_LOSS


def salvage(path: Path, file_system: FileSystem | None = None) -> SalvageReport:
    """Recover one interrupted episode or MCAP file.

    Args:
        path: a folder below `<root>/inprogress`, the file in it, or any MCAP file.
        file_system: calls to use.

    Raises:
        UnreadableError: no such file, or none in the folder.
        BusyError: its recorder is still running.
        ConfigError: it was recovered before.
        CheckFailed: nothing can be recovered, or the result could not be written.
    """
    calls = file_system or FileSystem()
    source = _source_file(path.absolute())
    folder = source.parent
    if folder.parent.name != IN_PROGRESS or not source.name.startswith(folder.name):
        return _salvage_file(source, calls)
    lock = RootLock(folder.parent.parent)
    try:
        return salvage_episode(Place(folder.parent.parent, folder.name), calls)
    finally:
        lock.close()


def unfinished(root: Path, calls: FileSystem) -> list[Place]:
    """Episodes that an earlier recorder left in progress, oldest first.

    What is left of those that stand in the root already, published or discarded, goes to the other
    salvaged ones; folders in which nothing was ever written are removed.
    """
    found = []
    for folder in sorted(f for f in (root / IN_PROGRESS).iterdir() if f.is_dir()):
        place = Place(root, folder.name)
        if folder.name.endswith(STAGING_SUFFIX):
            continue
        if place.final.exists() or (root / DISCARDED / folder.name).exists():
            with suppress(OSError):
                _put_away(place, calls)
        elif all(f.suffix in LEFTOVERS or not f.stat().st_size for f in folder.iterdir()):
            with suppress(OSError):
                _clear(folder, calls)
        else:
            found.append(place)
    return found


def salvage_episode(place: Place, calls: FileSystem, pause: Pause = go_on) -> SalvageReport:
    """Recover an unfinished episode of a root whose lock the caller holds.

    Args:
        place: of the episode.
        calls: file calls to use.
        pause: called often; may wait, or raise to end the work.

    Raises:
        UnreadableError, ConfigError, CheckFailed: see `salvage`.
    """
    source = _source_file(place.in_progress)
    for known in (place.final, place.root / DISCARDED / place.episode_id):
        if known.exists():
            raise ConfigError(f"{place.episode_id} was recovered before: see {known}")
    try:
        if _is_closed(source, place):
            return _publish(source, place, calls)
        return _recover(source, place, calls, pause)
    except OSError as error:
        raise _not_written(source, place.final, error) from None


def _source_file(path: Path) -> Path:
    if path.is_file():
        return path
    if not path.is_dir():
        raise UnreadableError(f"{path}: no such file or folder")
    # A closed file beside an open one is its whole and synced copy.
    candidates = sorted(path.glob("*.mcap")) or sorted(path.glob(f"*{ACTIVE_SUFFIX}"))
    if len(candidates) != 1:
        raise UnreadableError(f"{path} holds {len(candidates)} MCAP files; name the one to recover")
    return candidates[0]


def _salvage_file(source: Path, calls: FileSystem) -> SalvageReport:
    stem = source.name.removesuffix(".active").removesuffix(".mcap")
    output = _beside(source) / f"{stem}.recovered.mcap"
    if output.exists():
        raise ConfigError(f"{output} exists already; move it away to recover {source.name} again")
    try:
        if not output.parent.is_dir():
            calls.make_folder(output.parent)
        _check_space(source, output, calls)
        recovered, damage = rewrite(source, output, calls)
        calls.sync_folder(output.parent)
    except OSError as error:
        raise _not_written(source, output, error) from None
    return _report(source, output, recovered, damage)


def _beside(source: Path) -> Path:
    """Where a recovered file goes: beside its source, but never into a published episode."""
    folder = source.parent
    if folder.parent.name != EPISODES or not (folder / MANIFEST_FILE).exists():
        return folder
    return folder.parent.parent / SALVAGED


def _check_space(source: Path, output: Path, calls: FileSystem) -> None:
    """Refuse before a disk is filled on which somebody may want to record.

    Raises:
        CheckFailed: the new file might not fit.
    """
    free, needed = calls.free_bytes(output.parent), int(source.stat().st_size * SPARE_FACTOR)
    if free < needed:
        raise CheckFailed(
            f"cannot recover {source} into {output}: {needed >> 20} MiB are needed and"
            f" {free >> 20} MiB free; make room and run: teleop-collect salvage {source}"
        )


def _publish(source: Path, place: Place, calls: FileSystem) -> SalvageReport:
    """Only the last steps of closing it were missing."""
    if source.name.endswith(ACTIVE_SUFFIX):
        calls.rename(source, place.closed_file)
    _remove_leftovers(place.in_progress, calls)
    publish_folder(calls, place.in_progress, place.final)
    messages = sum(s.written for s in read_manifest(place.final).streams.values())
    return SalvageReport(source, place.final, messages, 0, 0, 0, True, ())


def _recover(source: Path, place: Place, calls: FileSystem, pause: Pause) -> SalvageReport:
    _check_space(source, place.final, calls)
    staging = place.in_progress.with_name(place.episode_id + STAGING_SUFFIX)
    _clear(staging, calls)
    try:
        calls.make_folder(staging)
        output = staging / place.closed_file.name
        recovered, damage = rewrite(source, output, calls, pause)
        manifest = _manifest_of(source, recovered, damage)
        write_durably(calls, staging / METADATA_FILE, metadata_yaml(recovered.bag).encode())
        labels = place.in_progress / LABELS_FILE
        if recovered.is_whole and labels.exists():
            write_durably(calls, staging / LABELS_FILE, labels.read_bytes())
        write_durably(calls, staging / MANIFEST_FILE, manifest.to_json().encode())
        publish_folder(calls, staging, place.final)
        with suppress(OSError):  # the next start does it
            _put_away(place, calls)
    finally:
        with suppress(OSError):
            _clear(staging, calls)
    return _report(source, place.final, recovered, damage)


def _manifest_of(source: Path, recovered: Recovered, damage: Damage) -> Manifest:
    if recovered.begin is None:
        raise CheckFailed(f"{source} does not say which episode it is; recover it as a file")
    reason = "recovered: " + "; ".join(damage.reasons or ["it was complete"])
    return recovered_manifest(recovered.begin, recovered, reason)


def _is_closed(source: Path, place: Place) -> bool:
    """Whether the recorder had finished everything but publishing."""
    try:
        manifest = read_manifest(place.in_progress)
    except UnreadableError:
        return False
    return manifest.hashes.mcap_sha256 == file_sha256(source)


def _put_away(place: Place, calls: FileSystem) -> None:
    """Keep what a recovered episode was made from, out of the way of the next start."""
    _remove_leftovers(place.in_progress, calls)
    move_folder(calls, place.in_progress, place.salvaged)


def _remove_leftovers(folder: Path, calls: FileSystem) -> None:
    """Remove what its recorder would have removed."""
    for path in folder.iterdir():
        if path.suffix in LEFTOVERS:
            calls.unlink(path)


def _clear(folder: Path, calls: FileSystem) -> None:
    """Remove a folder and its files; a missing one is no error."""
    if folder.is_dir():
        for path in folder.iterdir():
            calls.unlink(path)
        calls.remove_folder(folder)


def _not_written(source: Path, output: Path, error: OSError) -> CheckFailed:
    cause = error.strerror or error
    if output.exists():
        return CheckFailed(f"{output} is recovered, but may not be safe on the disk: {cause}")
    return CheckFailed(f"cannot recover {source} into {output}: {cause}")


def _report(source: Path, output: Path, recovered: Recovered, damage: Damage) -> SalvageReport:
    return SalvageReport(
        source=source,
        output=output,
        messages=recovered.messages,
        chunks_discarded=damage.chunks_discarded,
        records_discarded=damage.records_discarded,
        bytes_ignored=damage.bytes_ignored,
        lossless=damage.lossless,
        reasons=tuple(damage.reasons),
    )
