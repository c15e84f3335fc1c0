"""Which episodes of a root are exported, and why the others are not."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from teleop_collect.episodes.files import MANIFEST, QA, read_json, read_manifest
from teleop_collect.episodes.labels import effective_success, read_labels
from teleop_collect.episodes.root import episode_folders
from teleop_collect.errors import CheckFailed, TeleopCollectError, UnreadableError

Outcome = Literal["success", "failure", "all"]
OUTCOMES: tuple[Outcome, ...] = ("success", "failure", "all")

SHA256_HEX = 64


@dataclass(frozen=True)
class LeftOut:
    """An episode that was not exported."""

    episode_id: str
    reason: str


@dataclass(frozen=True)
class Chosen:
    """An episode to export: its folder, and the SHA-256 of its recording as it is now."""

    folder: Path
    mcap_sha256: str


@dataclass(frozen=True)
class Selection:
    """Episodes to export, in order of time, and those that are not."""

    chosen: tuple[Chosen, ...]
    left_out: tuple[LeftOut, ...]


def select(root: Path, outcome: Outcome, *, include_failed: bool) -> Selection:
    """Choose among the episodes of a root, or take one episode folder alone.

    Args:
        root: dataset root (with a folder `episodes`), or one episode's folder.
        outcome: which effective labels to take; "success" leaves unlabelled episodes out as well.
        include_failed: take episodes whose integrity is in doubt, too.

    Raises:
        UnreadableError: there are no episodes at `root`.
    """
    chosen: list[Chosen] = []
    left_out: list[LeftOut] = []
    folders = [root] if (root / MANIFEST).is_file() else episode_folders(root)
    if not folders:
        raise UnreadableError(f"{root}: holds no finished episode; record one first")
    for folder in folders:
        try:
            chosen.append(_judge(folder, outcome, include_failed))
        except TeleopCollectError as error:
            left_out.append(LeftOut(folder.name, str(error)))
    return Selection(tuple(chosen), tuple(left_out))


def mcap_sha256(folder: Path) -> str:
    """Hash of an episode's recording as it is now.

    Raises:
        UnreadableError: the folder does not hold exactly one recording.
    """
    files = list(folder.glob("*.mcap"))
    if len(files) != 1:
        raise UnreadableError(f"{folder}: holds {len(files)} .mcap files, expected 1")
    with files[0].open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _judge(folder: Path, outcome: Outcome, include_failed: bool) -> Chosen:
    """Take an episode.

    Raises:
        CheckFailed: with the reason for leaving it out.
        UnreadableError: it cannot be read.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise CheckFailed(f"it has no {MANIFEST}")
    success = effective_success(manifest, read_labels(folder))
    name = {True: "success", False: "failure", None: "unlabeled"}[success]
    if outcome not in ("all", name):
        raise CheckFailed(f"outcome is {name}")
    judged = read_json(folder / QA) if (folder / QA).is_file() else {}
    if judged.get("verdict") == "fail" and not include_failed:
        raise CheckFailed(f"integrity: QA verdict is fail (see {QA})")
    found = mcap_sha256(folder)
    recorded = (manifest.get("hashes") or {}).get("mcap_sha256")
    known = isinstance(recorded, str) and len(recorded) == SHA256_HEX
    if known and recorded != found and not include_failed:
        raise CheckFailed(
            "integrity: the recording is not the one its manifest was written for (SHA-256)"
        )
    return Chosen(folder, found)
