"""Recovers interrupted episodes into new, complete ones. The original is never changed or deleted.

An interrupted episode's folder becomes an episode of its own root, with a manifest that says
`recovered`. Any other MCAP file gets a sibling `<name>.recovered.mcap`; that of a published episode
goes to `<root>/salvaged/`, because a published folder is never changed. An episode that was closed
but not yet published only moves to its place.
"""

import hashlib
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from mcap import records
from mcap.opcode import Opcode

from teleop_collect.episodes.mcap_records import RecordFile
from teleop_collect.errors import (
    EXIT_GOOD,
    EXIT_SALVAGED_WITH_LOSS,
    CheckFailed,
    ConfigError,
    TeleopCollectError,
    UnreadableError,
)
from teleop_collect.provenance.manifest import MANIFEST_FILE, read_manifest
from teleop_collect.recording.bag_metadata import metadata_yaml
from teleop_collect.recording.episode_file import FileSystem, publish_folder, write_durably
from teleop_collect.recording.mcap_chunk import Compression
from teleop_collect.recording.open_episode import ACTIVE_SUFFIX, METADATA_FILE, Place
from teleop_collect.recording.preflight import EPISODES, IN_PROGRESS, RootLock
from teleop_collect.recording.salvage_reader import Damage, SalvageReader
from teleop_collect.recording.salvage_writer import Recovered, SalvageWriter, recovered_manifest

STAGING_SUFFIX = ".salvage"
SALVAGED = "salvaged"
_HASH_BLOCK = 1 << 20


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


def salvage(path: Path) -> SalvageReport:
    """Recover one interrupted episode or MCAP file.

    Args:
        path: a folder below `<root>/inprogress`, the file in it, or any MCAP file.

    Raises:
        UnreadableError: no such file, or none in the folder.
        BusyError: its recorder is still running.
        ConfigError: it was recovered before.
        CheckFailed: nothing can be recovered, or the result could not be written.
    """
    source = _source_file(path.absolute())
    folder = source.parent
    if folder.parent.name != IN_PROGRESS or not source.name.startswith(folder.name):
        return _salvage_file(source)
    lock = RootLock(folder.parent.parent)
    try:
        return _salvage_episode(source, Place(folder.parent.parent, folder.name))
    finally:
        lock.close()


def salvage_in_progress(root: Path) -> list[Path]:
    """Recover every unfinished episode of a root whose lock the caller holds.

    Returns:
        The new episode folders. An episode that was recovered before, or of which nothing can be
        read, is passed over and stays where it is.
    """
    done = []
    for folder in sorted((root / IN_PROGRESS).iterdir()):
        place = Place(root, folder.name)
        if folder.name.endswith(STAGING_SUFFIX) or place.final.exists():
            continue
        try:
            done.append(_salvage_episode(_source_file(folder), place).output)
        except TeleopCollectError:
            continue
    return done


def _source_file(path: Path) -> Path:
    if path.is_file():
        return path
    if not path.is_dir():
        raise UnreadableError(f"{path}: no such file or folder")
    candidates = sorted((*path.glob(f"*{ACTIVE_SUFFIX}"), *path.glob("*.mcap")))
    if len(candidates) != 1:
        raise UnreadableError(f"{path} holds {len(candidates)} MCAP files; name the one to recover")
    return candidates[0]


def _salvage_file(source: Path) -> SalvageReport:
    stem = source.name.removesuffix(".active").removesuffix(".mcap")
    output = _beside(source) / f"{stem}.recovered.mcap"
    if output.exists():
        raise ConfigError(f"{output} exists already; move it away to recover {source.name} again")
    recovered, damage = _rewrite(source, output, FileSystem())
    return _report(source, output, recovered, damage)


def _beside(source: Path) -> Path:
    """Where a recovered file goes: beside its source, but never into a published episode."""
    folder = source.parent
    if folder.parent.name != EPISODES or not (folder / MANIFEST_FILE).exists():
        return folder
    salvaged = folder.parent.parent / SALVAGED
    salvaged.mkdir(exist_ok=True)
    return salvaged


def _salvage_episode(source: Path, place: Place) -> SalvageReport:
    if place.final.exists():
        raise ConfigError(f"{place.episode_id} was recovered before: see {place.final}")
    file_system = FileSystem()
    if _is_closed(source, place):
        if source.name.endswith(ACTIVE_SUFFIX):
            file_system.rename(source, place.closed_file)
        publish_folder(file_system, place.in_progress, place.final)
        messages = sum(s.written for s in read_manifest(place.final).streams.values())
        return SalvageReport(source, place.final, messages, 0, 0, 0, True, ())
    staging = place.in_progress.with_name(place.episode_id + STAGING_SUFFIX)
    shutil.rmtree(staging, ignore_errors=True)
    try:
        staging.mkdir()
        recovered, damage = _rewrite(source, staging / place.closed_file.name, file_system)
        if recovered.begin is None:
            raise CheckFailed(f"{source} does not say which episode it is; recover it as a file")
        reason = "recovered: " + "; ".join(damage.reasons or ["it was complete"])
        manifest = recovered_manifest(recovered.begin, recovered, reason)
        write_durably(file_system, staging / METADATA_FILE, metadata_yaml(recovered.bag).encode())
        write_durably(file_system, staging / MANIFEST_FILE, manifest.to_json().encode())
        publish_folder(file_system, staging, place.final)
    except OSError as error:
        raise _not_written(source, place.root / EPISODES, error) from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return _report(source, place.final, recovered, damage)


def _is_closed(source: Path, place: Place) -> bool:
    """Whether the recorder had finished everything but publishing."""
    try:
        manifest = read_manifest(place.in_progress)
    except UnreadableError:
        return False
    return manifest.hashes.mcap_sha256 == file_sha256(source)


def _rewrite(source: Path, output: Path, file_system: FileSystem) -> tuple[Recovered, Damage]:
    try:
        with source.open("rb") as stream:
            file = RecordFile(stream, str(source))
            reader = SalvageReader(file)
            writer = SalvageWriter(output, reader.damage, _compression_of(file), file_system)
            recovered = writer.write(reader)
        _reopen(output, recovered)
    except UnreadableError as error:
        raise CheckFailed(f"nothing can be recovered from {source}: {error}") from None
    except OSError as error:
        raise _not_written(source, output, error) from None
    return recovered, reader.damage


def _not_written(source: Path, output: Path, error: OSError) -> CheckFailed:
    return CheckFailed(f"cannot recover {source} into {output}: {error.strerror or error}")


def _compression_of(file: RecordFile) -> Compression:
    """Compression of the first chunk; zstd when there is none."""
    try:
        for opcode, offset, length in file.walk(8, file.size):
            if opcode == Opcode.CHUNK:
                body = file.bytes_at(offset + 9, length)
                name = file.parse(records.Chunk, body).compression
                return "lz4" if name == "lz4" else "zstd" if name else "none"
    except UnreadableError:
        pass
    return "zstd"


def _reopen(output: Path, recovered: Recovered) -> None:
    """Read the result back; it must hold exactly what was written.

    Raises:
        UnreadableError: it does not.
    """
    counted: Counter[str] = Counter()
    with output.open("rb") as stream:
        reader = SalvageReader(RecordFile(stream, str(output)))
        for record in reader:
            counted[type(record).__name__] += 1
    if not reader.damage.lossless or counted["RawMessage"] != recovered.messages:
        raise UnreadableError(f"the recovered file {output} does not read back")


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


def file_sha256(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()
