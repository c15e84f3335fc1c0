"""Faults of the disk, shown to the checks without spoiling the disk of this machine."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.disk_space import DiskSpace
from teleop_collect.rig.checks.machine import Machine
from teleop_collect.rig.checks.result import CheckResult
from teleop_collect.rig.checks.write_speed import WriteSpeed
from teleop_collect.rig.load import LoadedRig

SLOW_BLOCK_S = 0.1


def disk_faults(loaded: LoadedRig, root: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Name of the fault, check that must find it, and what was found."""
    context = CheckContext.of(loaded, {}, root, Machine.here())
    slow = WriteSpeed(write=_slowly)
    yield "disk too slow", "write_speed", _found(slow.run(context))
    free = shutil.disk_usage(root).free
    recording = loaded.rig.recording.model_copy(update={"min_free_bytes": free + (1 << 30)})
    rig = loaded.rig.model_copy(update={"recording": recording})
    full = replace(context, loaded=replace(loaded, rig=rig))
    yield "disk nearly full", "disk_space", _found(DiskSpace().run(full))


def _slowly(file: object, block: bytes) -> int:
    time.sleep(SLOW_BLOCK_S)
    return len(block)


def _found(result: CheckResult) -> dict[str, str]:
    return {} if result.passed else {result.check: result.message}
