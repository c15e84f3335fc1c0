from pathlib import Path

import pytest
from support.recorder_rig import recorder, request

from teleop_collect.recording.clock_sync import ClockSync, clock_sync, interpreted


@pytest.mark.parametrize(
    ("state", "status", "expected"),
    [
        (0, 0x2001, ClockSync("synchronised", 15, 900)),
        (5, 0x0001, ClockSync("unsynchronised")),
        (0, 0x0040, ClockSync("unsynchronised")),
        (1, 0x0011, ClockSync("synchronised", 15, 900)),
    ],
)
def test_the_kernels_answer(state: int, status: int, expected: ClockSync) -> None:
    assert interpreted(state, status, 15, 900) == expected


def test_the_manifest_says_whether_the_clock_is_disciplined(tmp_path: Path) -> None:
    core = recorder(tmp_path)
    core.start(request())
    clock = core.stop().manifest.clock
    core.close()
    assert clock.sync == clock_sync().state
    assert (clock.sync_estimated_error_us is None) == (clock.sync != "synchronised")
