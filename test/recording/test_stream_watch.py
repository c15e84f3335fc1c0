import json
import time
from pathlib import Path

import pytest
from support.recorder_rig import (
    COLOR,
    EVENT,
    JOINTS,
    NS,
    STREAMS,
    image,
    joint_state,
    recorder,
    request,
    string,
)

from teleop_collect.clock import FakeClock
from teleop_collect.recording.ledger import StreamLedger
from teleop_collect.recording.live_ledger import LiveLedger
from teleop_collect.recording.recorder import EpisodeRecorder
from teleop_collect.recording.stream_watch import StreamWatch

MS = 1_000_000
T0 = 1_700_000_000 * NS
ONLY_JOINTS = {JOINTS: STREAMS[JOINTS]}


def watched(topic: str = JOINTS) -> tuple[StreamLedger, StreamWatch]:
    stream = STREAMS[topic]
    ledger = StreamLedger(stream.expected_hz, has_header=False)
    return ledger, StreamWatch({topic: stream}, [ledger], T0)


def kinds(watch: StreamWatch, ms: float) -> list[str]:
    return [notice.kind for notice in watch.poll(T0 + round(ms * MS))]


def test_a_required_stream_that_never_comes_is_told_once_within_a_second() -> None:
    _, watch = watched()
    assert kinds(watch, 500) == []
    assert kinds(watch, 501) == ["silent"]
    assert watch.silent == [JOINTS]
    assert kinds(watch, 60_000) == []


def test_silence_and_return_are_told_once_each() -> None:
    ledger, watch = watched()
    ledger.accept(T0 + 100 * MS, b"")
    assert kinds(watch, 600) == []
    assert kinds(watch, 700) == ["silent"]
    assert kinds(watch, 900) == []
    ledger.accept(T0 + 1000 * MS, b"")
    (notice,) = watch.poll(T0 + 1001 * MS)
    assert (notice.kind, notice.fields) == ("returned", {"silent_ms": 901.0})
    assert watch.silent == []
    assert kinds(watch, 1400) == []
    assert kinds(watch, 1501) == ["silent"]


@pytest.mark.parametrize("hz", [2.0, None])
def test_slow_streams_get_five_periods_and_streams_without_a_rate_are_never_silent(hz) -> None:
    stream = STREAMS[EVENT] if hz is None else STREAMS[JOINTS]
    ledger = StreamLedger(hz, has_header=False)
    slow = type(stream)(**{**vars(stream), "expected_hz": hz, "required": True})
    watch = StreamWatch({JOINTS: slow}, [ledger], T0)
    assert kinds(watch, 2500) == []
    assert kinds(watch, 2501) == (["silent"] if hz else [])


def test_commands_may_rest() -> None:
    ledger = StreamLedger(200.0, has_header=False, continuous=False)
    watch = StreamWatch(ONLY_JOINTS, [ledger], T0)
    assert kinds(watch, 10_000) == []


def test_losses_are_told_at_once_and_then_once_a_second_with_what_is_new() -> None:
    ledger, watch = watched(EVENT)
    for sequence in (1, 5):
        ledger.transport.observe(sequence, None)
    (notice,) = watch.poll(T0 + 10 * MS)
    assert notice.fields == {"cause": "transport", "count": 3, "total": 3}
    assert watch.losing == [EVENT]
    ledger.transport.observe(10, None)
    assert kinds(watch, 1009) == []
    (notice,) = watch.poll(T0 + 1010 * MS)
    assert notice.fields == {"cause": "transport", "count": 4, "total": 7}
    assert kinds(watch, 2010) == []
    assert watch.losing == []


def test_messages_given_up_are_told_when_it_begins() -> None:
    ledger, watch = watched(EVENT)
    ledger.dropped_full = 2
    assert kinds(watch, 10) == ["shedding"]
    ledger.dropped_full = 5
    assert kinds(watch, 1010) == []
    assert watch.losing == [EVENT]
    assert kinds(watch, 2010) == []
    ledger.dropped_full = 6
    assert kinds(watch, 2020) == ["shedding"]


def test_an_unknown_loss_stays_unknown() -> None:
    ledger, watch = watched(EVENT)
    ledger.transport.observe(None, None)
    assert kinds(watch, 10) == []
    rows = LiveLedger({EVENT: STREAMS[EVENT]}, [0]).read(0, [ledger])
    assert rows[0].lost_transport == "unknown"


def test_live_rates_do_not_need_an_episode_and_ledgers_do() -> None:
    counts = [0]
    live = LiveLedger(ONLY_JOINTS, counts)
    assert live.read(NS, None)[0].hz == "unknown"
    counts[0] = 100
    row = live.read(NS + NS // 2, None)[0]
    assert (row.hz, row.expected_hz, row.received) == (200.0, 200.0, None)
    ledger = StreamLedger(200.0, has_header=False)
    for ms in (0, 5, 25):
        ledger.received += 1
        ledger.accept(T0 + ms * MS, b"")
    ledger.written = 2
    ledger.accept(T0 + 25 * MS, b"")
    ledger.accept(T0 + 24 * MS, b"")
    row = live.read(2 * NS, [ledger], NS // 2)[0]
    assert (row.hz, row.received, row.gaps, row.max_gap_ms) == (0.0, 3, 1, 20.0)
    assert (row.expected, row.written, row.late) == (100, 2, "unknown")
    assert (row.out_of_order, row.duplicate_stamps) == (1, 1)


def test_the_running_recorder_tells_what_is_written_and_what_is_late(tmp_path: Path) -> None:
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock, streams=ONLY_JOINTS)
    core.start(request())
    core.offer(JOINTS, joint_state(clock.utc_ns() - NS), clock.utc_ns(), None, 1)
    deadline = time.monotonic() + 20
    while (row := core.live_streams()[0]).written != 1:
        assert time.monotonic() < deadline
        clock.advance_ns(NS // 10)
    assert (row.received, row.late, row.out_of_order) == (1, 1, 0)
    assert row.expected > 0
    core.stop()
    core.close()


def events_of(core: EpisodeRecorder) -> list[tuple[str, str]]:
    core.watch_streams()
    found = [json.loads(text) for text in core.take_events()]
    return [(event["kind"], event.get("topic", "")) for event in found]


def test_the_recorder_tells_of_its_streams_while_an_episode_runs(tmp_path: Path) -> None:
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock, streams={t: STREAMS[t] for t in (JOINTS, EVENT)})
    clock.advance_ns(5 * NS)
    assert events_of(core) == []
    core.start(request())
    core.offer(EVENT, string("a"), clock.utc_ns(), None, 1)
    core.offer(EVENT, string("b"), clock.utc_ns(), None, 4)
    clock.advance_ns(NS)
    assert events_of(core) == [("silent", JOINTS), ("dropout", EVENT)]
    assert core.troubled == ([JOINTS], [EVENT])
    core.offer(JOINTS, joint_state(clock.utc_ns()), clock.utc_ns())
    assert events_of(core) == [("returned", JOINTS)]
    core.stop()
    clock.advance_ns(5 * NS)
    assert events_of(core) == []
    assert core.troubled == ([], [])
    core.close()


def test_every_count_of_a_stream_is_in_the_manifest(tmp_path: Path) -> None:
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock)
    core.start(request())
    for n in range(200):
        now_ns = clock.utc_ns()
        stamp_ns = {0: 0, 1: now_ns - 200 * MS, 2: now_ns + 3600 * NS}.get(n, now_ns)
        core.offer(JOINTS, joint_state(stamp_ns), now_ns, None, n + 1)
        clock.advance_ns(5 * MS)
    core.offer(COLOR, image(clock.utc_ns(), b"x"), clock.utc_ns(), None, 1)
    manifest = core.stop().manifest
    core.close()
    joints = manifest.streams[JOINTS]
    assert (joints.expected, joints.received, joints.written) == (200, 200, 200)
    assert (joints.late, joints.future_stamps, joints.unstamped) == (1, 1, 1)
    assert joints.out_of_order == 2
    assert manifest.streams[EVENT].expected == "unknown"
    assert manifest.streams[EVENT].late == "unknown"


def test_wrong_stamps_are_told_once_for_each_way_to_be_wrong() -> None:
    stream = STREAMS[JOINTS]
    ledger = StreamLedger(stream.expected_hz, has_header=True)
    watch = StreamWatch({JOINTS: stream}, [ledger], T0)

    def told(*stamps_ns: int) -> list[str]:
        for stamp_ns in stamps_ns:
            ledger.accept(T0 + 10 * MS, joint_state(stamp_ns))
        notices = watch.poll(T0 + 10 * MS)
        return [notice.fields["problem"] for notice in notices if notice.kind == "stamps"]

    assert told(T0 + MS, T0 + 2 * MS) == []
    assert told(T0 + 2 * MS, T0 + 2 * MS) == ["repeated"]
    assert told(T0 + 2 * MS, T0 + MS) == ["out_of_order"]
    assert told(0, T0 + 60_000 * MS) == ["future", "unstamped"]
    assert told(0, T0 + 60_000 * MS) == []
