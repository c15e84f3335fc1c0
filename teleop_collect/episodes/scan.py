"""One pass over an episode's files: times of everything, messages of the small streams.

Streams share chunks, so reading them one by one would decompress the file once for each.
"""

from collections.abc import Callable
from dataclasses import dataclass

from teleop_collect.episodes.contents import Contents
from teleop_collect.episodes.early_scan import EarlyScan
from teleop_collect.episodes.gatherer import Gatherer
from teleop_collect.episodes.mcap_records import RawMessage
from teleop_collect.episodes.streams import StreamTimes
from teleop_collect.errors import UnreadableError

OnImage = Callable[[str, RawMessage], None]
OnDamage = Callable[[UnreadableError], None]


@dataclass(frozen=True)
class Scan:
    """What one pass found.

    Attributes:
        times: of every stream.
        messages: serialised messages of the streams in `EXTRACTORS`, in file order.
    """

    times: dict[str, StreamTimes]
    messages: dict[str, list[bytes]]


def scan(
    contents: Contents,
    on_image: OnImage | None,
    on_damage: OnDamage | None,
    *,
    check_crc: bool = True,
    early: EarlyScan | None = None,
) -> Scan:
    """Read all files once.

    Args:
        contents: what to read.
        on_image: called with topic and message for each image; it may raise UnreadableError.
        on_damage: called for each damaged chunk or image, which is then left out; without it the
            first one is raised.
        check_crc: compare chunks with their checksums.
        early: what has been read of the only file before (see `EarlyScan.fits`); images in there
            are not given to `on_image`.

    Raises:
        HostileError: the file becomes more than any recording of its size.
        UnreadableError: a chunk is damaged and `on_damage` is not given.
    """
    gatherers = {
        topic: Gatherer(topic, info.type, contents.decoders[topic])
        for topic, info in contents.streams.items()
    }
    skipped = 0
    if early is not None:
        gatherers |= early.gatherers
        skipped = len(early.parts)
    for number, file in enumerate(contents.files):
        by_channel = {i: gatherers[t] for i, t in contents.topics_of(number).items()}
        kept_bytes = max_kept_bytes = max_count = 0
        found = file.messages(on_damage=on_damage, check_crc=check_crc, skipped=skipped)
        for count, raw in enumerate(found, 1):
            gatherer = by_channel[raw.channel_id]
            kept_bytes += gatherer.add(raw)
            if kept_bytes > max_kept_bytes or count > max_count:
                file.budget.check(str(file.path), count, kept_bytes)
                max_kept_bytes, max_count = file.budget.max_kept_bytes, file.budget.max_messages
            if on_image and gatherer.is_image:
                on_image(gatherer.topic, raw)
    return Scan(
        {topic: g.times() for topic, g in gatherers.items()},
        {topic: g.messages for topic, g in gatherers.items() if g.keep},
    )
