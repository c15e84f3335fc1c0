"""Messages that do not fit their type are a failure of the episode and never a traceback."""

from pathlib import Path

import numpy as np
import pytest
from support import synthetic_episode
from support.synthetic_episode import Sample, write_episode

from teleop_collect.qa.report.dataset import examine
from teleop_collect.qa.run import check_episode

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
