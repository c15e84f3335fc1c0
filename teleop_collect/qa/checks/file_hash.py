"""Is the recording the one that the manifest was written for?"""

import hashlib
from collections.abc import Iterator

from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Remark, Severity


def run(evidence: Evidence) -> Iterator[Remark]:
    """A failure when the file's SHA-256 differs from the recorded one."""
    recorded = evidence.episode.manifest_part("hashes").get("mcap_sha256")
    if not isinstance(recorded, str) or len(evidence.episode.mcap_paths) != 1:
        return
    with evidence.episode.mcap_paths[0].open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != recorded:
        yield Remark(
            Severity.FAIL,
            f"the recording was changed after it was closed: its SHA-256 begins {found[:12]}, the "
            f"manifest says {recorded[:12]}",
        )


CHECK = Check("file_hash", 1, Layer.INTEGRITY, "teleop_collect manifest", run)
