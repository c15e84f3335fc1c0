"""Does the manifest say everything, and does it speak of this episode?"""

import json
from collections.abc import Iterator

from teleop_collect.errors import UnreadableError
from teleop_collect.provenance.manifest import parse_manifest
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Remark, Severity


def run(evidence: Evidence) -> Iterator[Remark]:
    """A failure for a malformed manifest; a person decides where there is none."""
    episode = evidence.episode
    if episode.manifest is None:
        yield Remark(
            Severity.REVIEW,
            "there is no manifest: task, outcome, nominal rates and losses are not known",
        )
        return
    try:
        parse_manifest(json.dumps(episode.manifest), "manifest.json")
    except (UnreadableError, ValueError) as error:
        yield Remark(Severity.FAIL, str(error))
        return
    if episode.folder and episode.episode_id != episode.folder.name:
        yield Remark(
            Severity.FAIL,
            f"the manifest speaks of episode {episode.episode_id}, its folder is called "
            f"{episode.folder.name}",
        )


CHECK = Check("manifest_complete", 1, Layer.INTEGRITY, "teleop_collect manifest", run)
