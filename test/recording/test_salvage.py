import json
import os
import random
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from mcap.reader import make_reader
from rosbags.rosbag2 import Reader
from support.faulty_file_system import FaultyFileSystem
from support.recorder_rig import (
    COLOR,
    JOINTS,
    NS,
    image,
    joint_state,
    recorder,
    request,
    salvaged,
)

from teleop_collect.cli.main import main
from teleop_collect.clock import FakeClock
from teleop_collect.episodes.root import discard
from teleop_collect.errors import CheckFailed, ConfigError, TeleopCollectError, UnreadableError
from teleop_collect.provenance.manifest import read_manifest
from teleop_collect.recording.episode_file import EpisodeFile
from teleop_collect.recording.file_system import FileSystem
from teleop_collect.recording.mcap_chunk import Compression
from teleop_collect.recording.mcap_writer import McapWriter
from teleop_collect.recording.salvage import salvage
from teleop_collect.recording.verify import verify

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = 60
DISK = FaultyFileSystem()
"""Does not wait for the disk: hundreds of salvages would for seconds."""


def payloads(path: Path, topic: str = JOINTS) -> list[bytes]:
    with path.open("rb") as stream:
        reader = make_reader(stream, validate_crcs=True)
        return [bytes(m.data) for _, _, m in reader.iter_messages([topic], log_time_order=False)]


def sent(clock_start_ns: int = 1_700_000_000 * NS) -> list[bytes]:
    return [joint_state(clock_start_ns + n, n) + bytes([n]) * 100 for n in range(MESSAGES)]


def finished(root: Path, compression: str = "none") -> Path:
    """A complete episode of small chunks; returns its MCAP file."""
    clock = FakeClock()
    core = recorder(root, clock=clock, chunk_bytes=4096, compression=compression)
    core.start(request(notes="n"))
    for n, data in enumerate(sent()):
        core.offer(JOINTS, data, clock.utc_ns() + n, clock.utc_ns() + n, n + 1)
        if n % 5 == 0:
            core.offer(COLOR, image(clock.utc_ns() + n, bytes(200)), clock.utc_ns() + n)
    result = core.stop()
    core.close()
    return next(result.path.glob("*.mcap"))


def interrupted(root: Path, tmp: Path, cut: int | None = None) -> Path:
    """The folder that a killed recorder leaves: its file up to byte `cut`."""
    file = finished(tmp)
    folder = root / "inprogress" / file.stem
    folder.mkdir(parents=True)
    (root / "episodes").mkdir()
    raw = file.read_bytes()
    end = raw.index(b"teleop_collect.episode_end") if cut is None else cut
    (folder / f"{file.stem}.mcap.active").write_bytes(raw[:end])
    return folder


def test_an_interrupted_episode_becomes_a_recovered_one(tmp_path: Path) -> None:
    folder = interrupted(tmp_path / "root", tmp_path / "made")
    source = next(folder.iterdir())
    before = source.read_bytes()
    report = salvage(folder)
    assert report.exit_code == 3
    assert report.output == tmp_path / "root" / "episodes" / folder.name
    assert (tmp_path / "root" / "salvaged" / folder.name / source.name).read_bytes() == before
    assert payloads(report.output / f"{folder.name}.mcap") == sent()
    assert verify(report.output).problems == ()
    manifest = read_manifest(report.output)
    assert manifest.recovered
    assert manifest.termination == "recovered"
    assert manifest.task.task_id == "pick_cube"
    assert manifest.outcome.success is None
    assert manifest.outcome.notes == "n"
    joints = manifest.streams[JOINTS]
    assert (joints.written, joints.received, joints.dropped_queue) == (60, "unknown", "unknown")
    assert joints.lost_transport == "unknown"
    assert joints.max_gap_ms == 1e-6
    with Reader(report.output) as reader:
        assert reader.message_count == report.messages == 72
    with pytest.raises(UnreadableError, match="no such file"):
        salvage(folder)


def test_a_recorder_salvages_at_its_start_and_only_once(tmp_path: Path) -> None:
    root = tmp_path / "root"
    folder = interrupted(root, tmp_path / "made")
    left = next(folder.iterdir()).read_bytes()
    for suffix in (".spare", ".index"):
        (folder / f"{folder.name}.mcap.active{suffix}").write_bytes(b"x")
    (root / "inprogress" / "empty").mkdir()
    junk = root / "inprogress" / "junk"
    junk.mkdir()
    (junk / "junk.mcap").write_bytes(b"no mcap at all")
    core = recorder(root)
    before = core.progress.count("pick_cube")
    assert core.interrupted.recover() == [root / "episodes" / folder.name]
    assert core.interrupted.recover() == []
    told = [json.loads(text) for text in core.take_events()]
    core.close()
    assert [(e["kind"], e["episode"]) for e in told] == [
        ("salvaged", folder.name),
        ("not_salvaged", "junk"),
    ]
    assert (before, core.progress.count("pick_cube")) == (0, 1)
    assert sorted(p.name for p in (root / "inprogress").iterdir()) == ["junk"]
    (original,) = (root / "salvaged" / folder.name).iterdir()
    assert original.read_bytes() == left


def test_what_was_discarded_does_not_come_back(tmp_path: Path) -> None:
    root = tmp_path / "root"
    folder = interrupted(root, tmp_path / "made")
    source = next(folder.iterdir()).read_bytes()
    (recovered,) = salvaged(root)
    discard(recovered)
    assert salvaged(root) == []
    # Not even where a crash had come between publishing it and putting its source away.
    (root / "salvaged" / folder.name).rename(tmp_path / "elsewhere")
    folder.mkdir()
    (folder / f"{folder.name}.mcap.active").write_bytes(source)
    with pytest.raises(ConfigError, match="was recovered before"):
        salvage(folder)
    assert salvaged(root) == []
    assert not folder.exists()
    assert list((root / "episodes").iterdir()) == []


def test_salvage_rests_while_an_episode_is_recorded(tmp_path: Path) -> None:
    root = tmp_path / "root"
    folder = interrupted(root, tmp_path / "made")
    core = recorder(root)
    core.start(request())
    core.interrupted.begin()
    deadline = time.monotonic() + 20
    while core.interrupted.working_on != folder.name:
        assert time.monotonic() < deadline
    running = core.stop().path
    while core.interrupted.working_on is not None:
        assert time.monotonic() < deadline
    core.close()
    assert sorted((root / "episodes").iterdir()) == sorted(
        [running, root / "episodes" / folder.name]
    )


def test_closing_ends_a_salvage_that_begins_anew_at_the_next_start(tmp_path: Path) -> None:
    root = tmp_path / "root"
    folder = interrupted(root, tmp_path / "made")
    core = recorder(root)
    core.interrupted.hold()
    core.interrupted.begin()
    core.close()
    assert [p.name for p in (root / "inprogress").iterdir()] == [folder.name]
    assert salvaged(root) == [root / "episodes" / folder.name]


def test_a_disk_without_room_is_not_filled_by_salvaging(tmp_path: Path) -> None:
    class Full(FileSystem):
        def free_bytes(self, path: Path) -> int:
            return 1000

    folder = interrupted(tmp_path / "root", tmp_path / "made")
    with pytest.raises(CheckFailed, match="MiB free; make room"):
        salvage(folder, Full())
    assert list((tmp_path / "root" / "episodes").iterdir()) == []
    assert len(list(folder.iterdir())) == 1


def test_what_its_recorder_said_at_the_end_is_kept(tmp_path: Path) -> None:
    made = tmp_path / "made"
    stated = read_manifest(finished(tmp_path / "other").parent)
    file = finished(made)
    raw = file.read_bytes()
    footer = next(start for opcode, start, _ in records_of(raw) if opcode == 0x0F)
    root = tmp_path / "root"
    folder = interrupted(root, made.with_name("again"), cut=footer)
    report = salvage(folder)
    manifest = read_manifest(report.output)
    joints, before = manifest.streams[JOINTS], stated.streams[JOINTS]
    assert (joints.received, joints.dropped_queue) == (60, 0)
    assert joints.lost_transport == before.lost_transport == 0
    assert (manifest.termination, manifest.recovered) == ("stopped", True)
    assert "recovered: " in str(manifest.outcome.reason)
    assert verify(report.output).problems == ()


def test_a_closed_but_unpublished_episode_only_moves(tmp_path: Path) -> None:
    for name in ("x.mcap", "x.mcap.active"):
        root = tmp_path / name
        file = finished(root)
        final = file.parent
        content = file.read_bytes()
        folder = root / "inprogress" / file.stem
        final.rename(folder)
        (folder / file.name).rename(folder / name.replace("x", file.stem))
        report = salvage(folder)
        assert report.lossless
        assert report.exit_code == 0
        assert file.read_bytes() == content
        assert not folder.exists()
        assert not read_manifest(final).recovered
        assert verify(final).problems == ()


def test_a_running_recorder_is_left_alone(tmp_path: Path) -> None:
    core = recorder(tmp_path)
    episode_id = core.start(request())
    with pytest.raises(TeleopCollectError, match="another recorder is using"):
        salvage(tmp_path / "inprogress" / episode_id)
    core.stop()
    core.close()


def test_any_mcap_file_gets_a_recovered_sibling(tmp_path: Path) -> None:
    whole = finished(tmp_path / "made", "lz4")
    lone = tmp_path / "some.mcap"
    lone.write_bytes(whole.read_bytes())
    report = salvage(lone)
    assert (report.output.name, report.exit_code) == ("some.recovered.mcap", 0)
    assert payloads(report.output) == sent()
    with Reader(report.output) as reader:
        assert reader.message_count == 72
    with pytest.raises(ConfigError, match="move it away"):
        salvage(lone)


def test_a_published_episode_is_not_changed_by_salvaging_it(tmp_path: Path) -> None:
    file = finished(tmp_path)
    before = {path.name: path.read_bytes() for path in file.parent.iterdir()}

    report = salvage(file.parent)

    assert report.output.parent == tmp_path / "salvaged"
    assert payloads(report.output) == sent()
    assert {path.name: path.read_bytes() for path in file.parent.iterdir()} == before


def test_truncation_anywhere_loses_only_what_is_cut_off(tmp_path: Path) -> None:
    raw = finished(tmp_path / "made").read_bytes()
    everything = sent()
    end_of_data = next(end for opcode, _, end in records_of(raw) if opcode == 0x0F)
    rng = random.Random(7)
    offsets = sorted({*rng.sample(range(len(raw)), 60), len(raw) - 1})
    recovered_counts = []
    for offset in offsets:
        lone = tmp_path / f"{offset}.mcap"
        lone.write_bytes(raw[:offset])
        try:
            report = salvage(lone, DISK)
        except CheckFailed:
            assert offset < 100
            assert not (tmp_path / f"{offset}.recovered.mcap").exists()
            continue
        got = payloads(report.output)
        assert got == everything[: len(got)]
        assert len(got) >= complete_messages(raw[:offset])
        assert report.lossless == (offset >= end_of_data)
        recovered_counts.append(len(got))
    assert recovered_counts == sorted(recovered_counts)
    assert recovered_counts[-1] == MESSAGES


def records_of(raw: bytes) -> Iterator[tuple[int, int, int]]:
    """Opcode, start and end of each whole top-level record, by an independent walk."""
    start = 8
    while start + 9 <= len(raw):
        opcode, length = struct.unpack_from("<BQ", raw, start)
        end = start + 9 + length
        if end > len(raw):
            return
        yield opcode, start, end
        start = end


def complete_messages(raw: bytes) -> int:
    """Joint messages in chunks that are wholly inside `raw`."""
    marker = joint_state(0)[20:40]
    return sum(raw[a:b].count(marker) for opcode, a, b in records_of(raw) if opcode == 0x06)


SMALL = [(n, b"\0\1\0\0" + bytes([n]) * 24) for n in range(1, 7)]
"""Numbers and payloads of the messages of a small file."""


def small_file(path: Path, compression: Compression) -> bytes:
    """A file of about a kilobyte with three chunks between its metadata records; its bytes."""
    file = EpisodeFile(path)
    writer = McapWriter(file, compression)
    writer.add_metadata("begin", {"a": "b"})
    writer.add_channel("/a", writer.add_schema("a/msg/A", "ros2msg", b"uint8[24] x"), {})
    for number, payload in SMALL:
        writer.add_message(1, number, number, number, payload)
        if number % 2 == 0:
            writer.close_chunk()
    writer.add_metadata("end", {"c": "d"})
    writer.finish()
    file.close()
    return path.read_bytes()


def numbered(path: Path) -> list[tuple[int, bytes]]:
    with path.open("rb") as stream:
        reader = make_reader(stream, validate_crcs=True)
        messages = reader.iter_messages(log_time_order=False)
        return [(m.sequence, bytes(m.data)) for _, _, m in messages]


def test_truncation_at_every_offset_of_a_small_file(tmp_path: Path) -> None:
    raw = small_file(tmp_path / "whole.mcap", "none")
    chunk_ends = [end for opcode, _, end in records_of(raw) if opcode == 0x06]
    end_of_data = next(end for opcode, _, end in records_of(raw) if opcode == 0x0F)
    lone, recovered = tmp_path / "cut.mcap", tmp_path / "cut.recovered.mcap"
    for offset in range(len(raw)):
        lone.write_bytes(raw[:offset])
        recovered.unlink(missing_ok=True)
        try:
            report = salvage(lone, DISK)
        except CheckFailed:
            assert offset < chunk_ends[0]
            assert not recovered.exists()
            continue
        got = numbered(report.output)
        assert got == SMALL[: len(got)]
        assert len(got) >= 2 * sum(end <= offset for end in chunk_ends)
        assert report.lossless == (offset >= end_of_data)


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_no_single_flipped_bit_changes_a_payload_unnoticed(
    tmp_path: Path, compression: str
) -> None:
    """500 bits each of a plain and of a compressed file: 1,000 in all."""
    raw = small_file(tmp_path / "whole.mcap", compression)
    rng = random.Random(11)
    lone, recovered = tmp_path / "bad.mcap", tmp_path / "bad.recovered.mcap"
    for bit in rng.sample(range(8 * len(raw)), 500):
        damaged = bytearray(raw)
        damaged[bit // 8] ^= 1 << bit % 8
        lone.write_bytes(damaged)
        recovered.unlink(missing_ok=True)
        try:
            assert verify(lone).problems
            report = salvage(lone, DISK)
        except (CheckFailed, UnreadableError):
            continue
        got = numbered(report.output)
        assert set(got) <= set(SMALL)
        assert len(set(got)) == len(got)
        assert not report.lossless or got == SMALL


def test_a_damaged_chunk_costs_only_its_own_messages(tmp_path: Path) -> None:
    raw = bytearray(finished(tmp_path / "made").read_bytes())
    position = raw.index(bytes([30]) * 100)
    raw[position] ^= 1
    lone = tmp_path / "x.mcap"
    lone.write_bytes(raw)
    report = salvage(lone)
    assert (report.exit_code, report.chunks_discarded) == (3, 1)
    got = payloads(report.output)
    assert sent()[30] not in got
    assert sent()[0] in got
    assert sent()[59] in got
    assert len(got) > 25


def hostile(tmp_path: Path, *records: bytes) -> Path:
    """A valid beginning followed by given records."""

    class Sink(bytearray):
        size = property(len)

        def append(self, buffers):
            for buffer in buffers:
                self.extend(buffer)

    sink = Sink()
    McapWriter(sink)
    path = tmp_path / "hostile.mcap"
    path.write_bytes(bytes(sink) + b"".join(records))
    return path


def chunk_record(data: bytes, declared: int, compression: str) -> bytes:
    name = compression.encode()
    body = struct.pack("<QQQI", 0, 0, declared, zlib.crc32(data))
    body += struct.pack("<I", len(name)) + name + struct.pack("<Q", len(data)) + data
    return struct.pack("<BQ", 6, len(body)) + body


def test_bombs_and_lies_are_refused_within_memory(tmp_path: Path) -> None:
    import zstandard

    bomb = zstandard.compress(bytes(256 << 20))
    for record in (
        chunk_record(bomb, 10, "zstd"),
        chunk_record(bomb, 256 << 20, "zstd"),
        chunk_record(b"x", 1, "nonsense"),
        struct.pack("<BQ", 6, 1 << 62),
        struct.pack("<BQ", 6, 4) + b"abcd",
        struct.pack("<BQ", 0, 0) * 1000,
        struct.pack("<BQHIQQ", 5, 22, 9, 0, 0, 0),
    ):
        path = hostile(tmp_path, record)
        report = salvage(path)
        assert report.exit_code == 3
        assert report.messages == 0
        assert report.reasons
        report.output.unlink()


def test_exit_codes_of_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = finished(tmp_path / "made")
    good, cut, junk = (tmp_path / f"{n}.mcap" for n in ("good", "cut", "junk"))
    good.write_bytes(whole.read_bytes())
    cut.write_bytes(whole.read_bytes()[:9000])
    junk.write_bytes(b"no mcap at all")
    assert main(["salvage", str(good), "--json"]) == 0
    assert '"lossless": true' in capsys.readouterr().out
    assert main(["salvage", str(cut)]) == 3
    assert "cut off or damaged at byte" in capsys.readouterr().out
    assert main(["salvage", str(junk)]) == 1
    assert "nothing can be recovered" in capsys.readouterr().err
    assert main(["salvage", str(tmp_path / "missing")]) == 2
    assert "no such file" in capsys.readouterr().err
    with pytest.raises(UnreadableError, match="0 MCAP files"):
        salvage(tmp_path / "made" / "inprogress")


@pytest.mark.parametrize("seed", range(4))
def test_kill_at_any_moment_loses_at_most_a_second(tmp_path: Path, seed: int) -> None:
    lifetime = random.Random(seed).randrange(1, 120)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "test")])}
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "test" / "support" / "writing_process.py"), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    promised = -1
    for line in process.stdout:
        promised = int(line)
        if promised >= lifetime:
            os.kill(process.pid, signal.SIGKILL)
            break
    process.wait(timeout=20)
    (folder,) = salvaged(tmp_path)
    assert verify(folder).problems == ()
    data = payloads(next(folder.glob("*.mcap")))
    numbers = [struct.unpack_from("<d", d, len(d) - 16)[0] for d in data]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > promised
