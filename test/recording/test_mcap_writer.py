import os
import struct

import lz4.frame
import pytest
import zstandard
from mcap.reader import make_reader
from mcap.records import Channel, Chunk, DataEnd, Schema
from mcap.stream_reader import StreamReader
from support.memory_sink import Memory

from teleop_collect.recording.mcap_writer import LIBRARY, McapWriter

COMPRESSIONS = ("zstd", "lz4", "none")


def begun(compression="zstd", chunk_bytes=1 << 20) -> tuple[Memory, McapWriter]:
    sink = Memory()
    writer = McapWriter(sink, compression, chunk_bytes)
    schema = writer.add_schema("std_msgs/msg/String", "ros2msg", b"string data")
    writer.add_channel("/a", schema, {"offered_qos_profiles": "", "topic_type_hash": "h"})
    writer.add_channel("/b", schema, {})
    return sink, writer


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_numbered_messages_come_back_in_order_with_their_bytes(compression: str) -> None:
    sink, writer = begun(compression, chunk_bytes=5000)
    sent = [(1 + n % 2, 1000 + n, 900 + n, n, os.urandom(n % 300)) for n in range(500)]
    for message in sent:
        writer.add_message(*message)
        if message[3] == 250:
            writer.close_chunk()
    writer.finish()
    reader = make_reader(sink.stream(), validate_crcs=True)
    got = [
        (m.channel_id, m.log_time, m.publish_time, m.sequence, bytes(m.data))
        for _, _, m in reader.iter_messages()
    ]
    assert got == sent
    assert reader.get_header().profile == "ros2"
    assert reader.get_header().library == LIBRARY
    summary = reader.get_summary()
    assert summary is not None
    assert summary.statistics is not None
    assert summary.statistics.message_count == 500
    assert summary.statistics.channel_message_counts == {1: 250, 2: 250}
    assert summary.statistics.message_start_time == 1000
    assert summary.statistics.message_end_time == 1499
    assert summary.statistics.chunk_count == len(summary.chunk_indexes) > 10
    assert {c.topic for c in summary.channels.values()} == {"/a", "/b"}
    assert summary.channels[1].metadata["topic_type_hash"] == "h"


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_indexed_reading_finds_a_time_range_of_one_topic(compression: str) -> None:
    sink, writer = begun(compression, chunk_bytes=2000)
    for n in range(300):
        writer.add_message(1 + n % 2, n, n, n, b"x" * 50)
    writer.finish()
    found = make_reader(sink.stream()).iter_messages(
        topics=["/b"], starting_at=100, ending_before=110
    )
    assert [m.sequence for _, _, m in found] == [101, 103, 105, 107, 109]


def test_every_checksum_is_written() -> None:
    sink, writer = begun("none")
    writer.add_message(1, 5, 5, 0, b"payload")
    writer.finish()
    records = list(StreamReader(sink.stream(), emit_chunks=True, validate_crcs=True).records)
    assert all(r.uncompressed_crc != 0 for r in records if isinstance(r, Chunk))
    assert [r.data_section_crc != 0 for r in records if isinstance(r, DataEnd)] == [True]
    footer_crc = struct.unpack("<I", sink.data[-12:-8])[0]
    assert footer_crc != 0
    position = bytes(sink.data).index(b"payload")
    sink.data[position] ^= 1
    with pytest.raises(ValueError, match="crc"):
        list(make_reader(sink.stream(), validate_crcs=True).iter_messages())


def test_schemas_and_channels_stand_before_the_first_chunk() -> None:
    sink, writer = begun()
    writer.add_message(1, 5, 5, 0, b"x")
    writer.close_chunk()
    kinds = []
    stream = StreamReader(sink.stream(), emit_chunks=True).records
    for record in stream:
        kinds.append(type(record))
        if isinstance(record, Chunk):
            break
    assert kinds.index(Schema) < kinds.index(Channel) < kinds.index(Chunk)


def test_a_chunk_closes_before_it_would_outgrow_its_size_and_a_large_message_stands_alone() -> None:
    sink, writer = begun("none", chunk_bytes=1000)
    for size in (400, 400, 400, 5000, 10):
        writer.add_message(1, 1, 1, 0, b"x" * size)
    writer.finish()
    sizes = [
        r.uncompressed_size
        for r in StreamReader(sink.stream(), emit_chunks=True).records
        if isinstance(r, Chunk)
    ]
    assert sizes == [2 * 431, 431, 5031, 41]


def test_a_refused_chunk_can_be_dropped_counted_and_followed_by_a_valid_end() -> None:
    sink, writer = begun("none")
    writer.add_message(1, 1, 1, 1, b"kept")
    writer.close_chunk()
    writer.add_message(1, 2, 2, 2, b"lost")
    writer.add_message(2, 3, 3, 1, b"lost")
    sink.refuses = True
    with pytest.raises(OSError, match="No space"):
        writer.close_chunk()
    assert writer.counts == {1: 1}
    assert writer.drop_chunk() == {1: 1, 2: 1}
    sink.refuses = False
    writer.finish()
    reader = make_reader(sink.stream(), validate_crcs=True)
    assert [bytes(m.data) for _, _, m in reader.iter_messages()] == [b"kept"]


def test_a_refused_chunk_is_kept_for_another_attempt() -> None:
    sink, writer = begun("none")
    writer.add_message(1, 1, 1, 1, b"late")
    sink.refuses = True
    with pytest.raises(OSError, match="No space"):
        writer.close_chunk()
    sink.refuses = False
    writer.finish()
    reader = make_reader(sink.stream(), validate_crcs=True)
    assert [bytes(m.data) for _, _, m in reader.iter_messages()] == [b"late"]


def test_metadata_and_attachments_are_indexed() -> None:
    sink, writer = begun()
    writer.add_metadata("begin", {"who": "op-1", "text": "ü"})
    writer.add_attachment("rig.yaml", "application/yaml", b"schema: x", 7)
    writer.add_message(1, 1, 1, 1, b"m")
    writer.add_metadata("end", {})
    writer.finish()
    reader = make_reader(sink.stream(), validate_crcs=True)
    assert [(m.name, m.metadata) for m in reader.iter_metadata()] == [
        ("begin", {"who": "op-1", "text": "ü"}),
        ("end", {}),
    ]
    assert [(a.name, a.data, a.log_time) for a in reader.iter_attachments()] == [
        ("rig.yaml", b"schema: x", 7)
    ]


def test_a_file_without_messages_is_complete() -> None:
    sink, writer = begun()
    writer.finish()
    summary = make_reader(sink.stream(), validate_crcs=True).get_summary()
    assert summary is not None
    assert summary.statistics is not None
    assert summary.statistics.message_count == 0


def test_the_estimate_of_the_summary_is_an_upper_bound() -> None:
    sink, writer = begun("none", chunk_bytes=100)
    for n in range(200):
        writer.add_message(1 + n % 2, n, n, n, b"x" * 60)
    writer.close_chunk()
    before, estimate = sink.size, writer.summary_bytes
    writer.finish()
    assert sink.size - before <= estimate <= 3 * (sink.size - before)


def test_compressed_chunks_are_single_frames_of_their_declared_size() -> None:
    for compression, expand in (("zstd", zstandard.decompress), ("lz4", lz4.frame.decompress)):
        sink, writer = begun(compression)
        writer.add_message(1, 1, 1, 1, bytes(10_000))
        writer.finish()
        (chunk,) = [
            r for r in StreamReader(sink.stream(), emit_chunks=True).records if isinstance(r, Chunk)
        ]
        assert chunk.compression == compression
        assert len(expand(chunk.data)) == chunk.uncompressed_size == 10_031
        assert len(chunk.data) < 500
