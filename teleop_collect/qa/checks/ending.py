"""Did the episode begin behind a passed rig check and end because somebody stopped it?"""

from collections.abc import Iterator

from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Remark, Severity


def run(evidence: Evidence) -> Iterator[Remark]:
    """What a person should know before trusting the episode."""
    manifest = evidence.manifest
    termination = manifest.get("termination")
    if termination in ("timeout", "fault"):
        yield Remark(Severity.REVIEW, f"recording ended by {termination}, nobody stopped it")
    if manifest.get("recovered") is True:
        yield Remark(Severity.REVIEW, "recording was interrupted and recovered; its end is missing")
    if manifest.get("suspect") is True:
        message = "the disk failed to sync; the file is a copy of what it read back"
        yield Remark(Severity.REVIEW, message)
    yield from _gate(manifest.get("rig_check"))
    steps = evidence.episode.manifest_part("clock").get("steps")
    if isinstance(steps, int) and steps > 0:
        message = f"the wall clock was set {steps} times while recording"
        yield Remark(Severity.REVIEW, message, measured=steps, limit=0, unit="1")


def _gate(rig_check: object) -> Iterator[Remark]:
    if not isinstance(rig_check, dict):
        return
    if rig_check.get("override"):
        yield Remark(Severity.REVIEW, f"the rig check was overridden: {rig_check['override']}")
    elif rig_check.get("result") != "pass":
        yield Remark(Severity.REVIEW, f"the rig check's result was {rig_check.get('result')!r}")


CHECK = Check(
    "ending",
    1,
    Layer.INTEGRITY,
    "teleop_collect manifest",
    run,
    limits=(Limit("steps of the wall clock", 0, "1"),),
)
