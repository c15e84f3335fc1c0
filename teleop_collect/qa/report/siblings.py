"""Other episodes of the same root that were checked before, for comparing one with its task."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from teleop_collect.episodes.files import QA, read_json
from teleop_collect.episodes.root import EPISODES
from teleop_collect.errors import UnreadableError
from teleop_collect.qa.dataset.digest import Digest, from_document

MAX_SIBLINGS = 2000
"""The newest of a root; reading one takes a millisecond."""


def sibling_digests(paths: Sequence[Path]) -> Iterator[Digest]:
    """Digests in the qa.json files beside these episodes, without these episodes' own."""
    here = {path.expanduser().resolve() for path in paths}
    for root in sorted({path.parent for path in here if path.parent.name == EPISODES}):
        others = sorted((f for f in root.iterdir() if f not in here), reverse=True)
        for folder in others[:MAX_SIBLINGS]:
            try:
                document = read_json(folder / QA) if (folder / QA).is_file() else {}
            except UnreadableError:
                continue
            digest = from_document(document)
            if digest is not None:
                yield digest
