"""In which form a stream of images is recorded: as published, or compressed by the recorder."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from teleop_collect import topics
from teleop_collect.errors import ConfigError
from teleop_collect.rig.codec_config import Codec
from teleop_collect.topics import ImageCodec, Stream, StreamKind

_FORMATS = {
    StreamKind.COLOR: ("as_received", "jpeg"),
    StreamKind.DEPTH: ("as_received", "png", "rvl"),
}
_KINDS = {"color": StreamKind.COLOR, "depth": StreamKind.DEPTH}


def encoded_stream(stream: Stream, codecs: Mapping[str, Codec]) -> Stream:
    """The stream as it is recorded: under image_transport's name when a codec applies.

    Args:
        stream: as published.
        codecs: of the rig file, by topic or kind; a topic's own stands above its kind's.
    """
    codec = codecs.get(stream.topic) or codecs.get(stream.kind.value)
    if codec is None or codec.format == "as_received" or stream.type != topics.IMAGE:
        return stream
    name = topics.compressed if stream.kind is StreamKind.COLOR else topics.compressed_depth
    return replace(
        stream,
        topic=name(stream.topic),
        type=topics.COMPRESSED_IMAGE,
        source=stream.read_from,
        codec=ImageCodec(codec.format, codec.quality),
    )


def check_codecs(codecs: Mapping[str, Codec], streams: Iterable[Stream]) -> None:
    """Refuse a codec that suits no stream.

    Raises:
        ConfigError: it names nothing, or would not keep depth, or is not for colour.
    """
    kinds = {s.topic: s.kind for s in streams if s.type == topics.IMAGE and s.kind in _FORMATS}
    for key, codec in codecs.items():
        kind = _KINDS.get(key) or kinds.get(key)
        if kind is None:
            known = ", ".join([*_KINDS, *kinds])
            raise ConfigError(f"recording.codecs has '{key}'; raw images are: {known}")
        if codec.format not in _FORMATS[kind]:
            allowed = ", ".join(_FORMATS[kind])
            raise ConfigError(
                f"recording.codecs.{key}: {codec.format} is not for {kind.value}; use {allowed}"
            )
