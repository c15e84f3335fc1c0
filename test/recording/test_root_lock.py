"""One recorder at a time on a dataset root."""

import threading
from pathlib import Path

import pytest

from teleop_collect.errors import BusyError
from teleop_collect.recording.preflight import RootLock


def test_a_lock_that_is_let_go_of_meanwhile_is_waited_for(tmp_path: Path):
    first = RootLock(tmp_path)
    leaving = threading.Timer(0.2, first.close)
    leaving.start()
    second = RootLock(tmp_path)
    leaving.join()
    with pytest.raises(BusyError, match="another recorder is using"):
        RootLock(tmp_path)
    second.close()
