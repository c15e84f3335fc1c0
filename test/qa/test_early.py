"""An episode that is read while it is recorded gets the verdict that it gets afterwards."""

import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from mcap.reader import make_reader
from support import planted_defects as plant
from support.memory_sink import Memory
from support.synthetic_episode import write_episode

from teleop_collect.episodes.files import QA
from teleop_collect.episodes.reader import open_episode
from teleop_collect.errors import UnreadableError
from teleop_collect.qa.early import EarlyLook
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.run import check_episode
from teleop_collect.recording.mcap_writer import McapWriter

RESERVED = bytes(1 << 16)
COLOR = "/cameras/scene/color/image_raw"


def recorded(root: Path, **options: object) -> Path:
    """A synthetic episode as the recorder would have written it, in small chunks."""
    folder = write_episode(root, cameras=("scene",), size=(32, 24), **options)
    (path,) = folder.glob("*.mcap")
    sink = Memory()
    writer = McapWriter(sink, "zstd", 1 << 16)
    with path.open("rb") as stream:
        reader = make_reader(stream)
        channels: dict[int, int] = {}
        for metadata in reader.iter_metadata():
            writer.add_metadata(metadata.name, metadata.metadata)
        for attachment in reader.iter_attachments():
            writer.add_attachment(
                attachment.name, attachment.media_type, attachment.data, attachment.log_time
            )
        for schema, channel, message in reader.iter_messages(log_time_order=False):
            if channel.id not in channels:
                schema_id = writer.add_schema(schema.name, schema.encoding, schema.data)
                channels[channel.id] = writer.add_channel(
                    channel.topic, schema_id, channel.metadata
                )
            writer.add_message(
                channels[channel.id],
                message.log_time,
                message.publish_time,
                message.sequence,
                message.data,
            )
    writer.finish()
    path.write_bytes(sink.data)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["hashes"]["mcap_sha256"] = hashlib.sha256(sink.data).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def mcap_of(folder: Path) -> Path:
    (path,) = folder.glob("*.mcap")
    return path


def growing(folder: Path, path: Path, steps: int, seed: int) -> Iterator[int]:
    """Write an episode's file in pieces, with reserved space behind them; yields its size."""
    data = mcap_of(folder).read_bytes()
    rng = random.Random(seed)
    for end in sorted(rng.randrange(len(data)) for _ in range(steps)):
        path.write_bytes(data[:end] + RESERVED)
        yield end


def looked_at(folder: Path, path: Path, steps: int, seed: int) -> EarlyLook:
    path.write_bytes(b"")
    early = EarlyLook(path)
    for _ in growing(folder, path, steps, seed):
        early.advance(3 if seed % 2 else 1000)
    return early


def document(folder: Path, early: EarlyLook | None = None) -> dict:
    check_episode(folder, early=early)
    return json.loads((folder / QA).read_text())


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("steps", [1, 7, 60])
def test_the_verdict_and_every_measure_are_the_same(tmp_path: Path, seed: int, steps: int):
    defects = [
        (),
        (plant.gap("/follower/joint_states", 1.0, 1.3),),
        (plant.frozen(COLOR, 1.0, 1.5),),
    ]
    folder = recorded(tmp_path, seed=seed, defects=defects[seed % 3])
    early = looked_at(folder, tmp_path / "active", steps, seed)

    assert document(folder, early) == document(folder)


def test_what_was_read_early_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = recorded(tmp_path)
    early = looked_at(folder, tmp_path / "active", 40, 1)
    read = []
    with open_episode(folder) as episode:
        scan = episode.scan
        monkeypatch.setattr(episode, "scan", lambda **given: read.append(given) or scan(**given))
        evidence = Evidence(episode, early=early)
        assert read[0]["early"] is early.scan
        assert len(early.scan.parts) > 10
        assert len(evidence.times(COLOR)) == episode.streams[COLOR].count


@pytest.mark.parametrize("kind", ["another episode", "a damaged file", "no hash"])
def test_what_was_seen_of_another_file_is_not_used(tmp_path: Path, kind: str):
    folder = recorded(tmp_path / "a", seed=1)
    other = recorded(tmp_path / "b", seed=2) if kind == "another episode" else folder
    early = looked_at(other, tmp_path / "active", 40, 1)
    path = mcap_of(folder)
    if kind == "a damaged file":
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0x10
        path.write_bytes(data)
    if kind == "no hash":
        manifest = json.loads((folder / "manifest.json").read_text())
        del manifest["hashes"]["mcap_sha256"]
        (folder / "manifest.json").write_text(json.dumps(manifest))

    assert document(folder, early) == document(folder)


def test_a_chunk_that_cannot_be_unpacked_is_refused(tmp_path: Path):
    folder = recorded(tmp_path)
    data = bytearray(mcap_of(folder).read_bytes())
    offset, head = looked_at(folder, tmp_path / "active", 40, 1).scan.parts[3]
    frame = offset + len(head) + len("zstd") + 8
    data[frame : frame + 8] = bytes(8)
    (tmp_path / "damaged").write_bytes(data)

    with pytest.raises(UnreadableError, match="a chunk"):
        EarlyLook(tmp_path / "damaged").advance(1000)
