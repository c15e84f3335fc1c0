"""Is the recording the one that the manifest was written for?"""

from collections.abc import Iterator

from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Remark, Severity


def run(evidence: Evidence) -> Iterator[Remark]:
    """A failure when the file's SHA-256 differs from the recorded one."""
    recorded, found = evidence.recorded_sha256, evidence.sha256
    if recorded is None or found is None:
        return
    if found != recorded:
        yield Remark(
            Severity.FAIL,
            f"the recording was changed after it was closed: its SHA-256 begins {found[:12]}, the "
            f"manifest says {recorded[:12]}",
        )


CHECK = Check("file_hash", 1, Layer.INTEGRITY, "teleop_collect manifest", run)
