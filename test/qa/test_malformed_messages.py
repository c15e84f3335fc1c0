"""Messages that do not fit their type are a failure of the episode and never a traceback."""

from pathlib import Path

import numpy as np
import pytest
from support import synthetic_episode
from support.synthetic_episode import Sample, write_episode

from teleop_collect.episodes.reader import open_episode
from teleop_collect.episodes.streams import StreamTimes
from teleop_collect.qa.checks.clock_drift import drift
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer
from teleop_collect.qa.report.dataset import examine
from teleop_collect.qa.run import check_episode, report_on

OPTIONS = {"duration_s": 0.3, "cameras": ("scene",), "size": (16, 16)}


def rewritten(monkeypatch: pytest.MonkeyPatch, type_name: str, edit: object) -> None:
    """From now on serialised messages of one type are changed by `edit(bytes) -> bytes`."""
    honest = synthetic_episode.serialize

    def serialize(name: str, sample: Sample) -> bytes:
        data = honest(name, sample)
        return edit(data) if name == type_name else data  # type: ignore[operator]

    monkeypatch.setattr(synthetic_episode, "serialize", serialize)


@pytest.mark.parametrize(
    "type_name",
    [
        "sensor_msgs/msg/JointState",
        "geometry_msgs/msg/WrenchStamped",
        "diagnostic_msgs/msg/DiagnosticArray",
        "sensor_msgs/msg/Image",
        "std_msgs/msg/String",
    ],
)
@pytest.mark.parametrize(
    "edit",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: b"\0\1\0\0" + b"\xff" * (len(data) - 4),
        lambda data: data + b"\0" * 100,
        lambda data: b"\7\7" + data[2:],
    ],
    ids=["half", "empty", "all ones", "too long", "other encoding"],
)
def test_messages_that_do_not_fit_their_type_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, type_name: str, edit: object
):
    rewritten(monkeypatch, type_name, edit)
    entry = examine(write_episode(tmp_path, **OPTIONS), draw=True)
    if type_name == "std_msgs/msg/String":
        return
    assert entry.document["verdict"] == "fail"
    assert any(f["check"] == "structure" for f in entry.document["findings"])


def test_random_bytes_in_messages_never_end_in_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    rng = np.random.default_rng(0)

    def noisy(data: bytes) -> bytes:
        changed = bytearray(data)
        for position in rng.integers(4, len(data), 3):
            changed[position] = int(rng.integers(0, 256))
        return bytes(changed)

    rewritten(monkeypatch, "sensor_msgs/msg/JointState", noisy)
    for seed in range(8):
        folder = write_episode(tmp_path / str(seed), seed=seed, **OPTIONS)
        assert check_episode(folder).verdict == "fail"


def test_images_of_impossible_sizes_fail(tmp_path: Path):
    def widened(plan: synthetic_episode.Plan) -> None:
        for sample in plan.streams["/cameras/scene/color/image_raw"].samples:
            sample.value = {**sample.value, "width": 2**31}

    report = check_episode(write_episode(tmp_path, **OPTIONS, defects=[widened]))
    messages = [f.message for f in report.findings if f.check == "structure"]
    assert any("does not fit its" in message for message in messages)


def test_joints_without_names_or_values(tmp_path: Path):
    def emptied(plan: synthetic_episode.Plan) -> None:
        for sample in plan.streams["/follower/joint_states"].samples:
            empty = np.empty(0)
            sample.value = {"name": [], "position": empty, "velocity": empty, "effort": empty}

    assert examine(write_episode(tmp_path, **OPTIONS, defects=[emptied]), draw=True).document


def test_a_stamp_of_1970_is_damage_and_asks_for_no_memory(tmp_path: Path):
    def unset(plan: synthetic_episode.Plan) -> None:
        plan.streams["/follower/joint_states"].samples[5].stamp_ns = 10**9

    folder = write_episode(tmp_path, **OPTIONS, defects=[unset])
    document = examine(folder, draw=True).document
    (damage,) = [f for f in document["findings"] if f["check"] == "structure"]
    assert "/follower/joint_states" in damage["message"]
    assert "stamps say that it lasted" in damage["message"]
    assert document["verdict"] == "fail"


def test_a_check_that_breaks_is_a_failure_that_names_it(tmp_path: Path):
    def run(_: Evidence) -> list[None]:
        raise KeyError("position")

    check = Check("fragile", 1, Layer.BEHAVIOUR, "none", run)  # type: ignore[arg-type]
    with open_episode(write_episode(tmp_path, **OPTIONS)) as episode:
        report = report_on(Evidence(episode), [check])
    (finding,) = report.findings
    assert (finding.check, finding.severity, finding.layer) == ("fragile", "fail", "integrity")
    assert "KeyError: 'position'" in finding.message
    assert report.verdict == "fail"


def test_drift_over_hours_compares_a_bounded_number_of_windows():
    stamp = np.arange(0, 4 * 3600 * 10**9, 10**8)
    log = stamp + stamp // 10_000 + 10**6
    found = drift(StreamTimes(log, log, stamp + 1, np.arange(len(stamp))))
    assert found is not None
    assert found[0] == pytest.approx(100, abs=1)
