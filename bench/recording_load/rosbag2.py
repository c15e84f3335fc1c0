"""`ros2 bag record -s mcap` as a contestant, of whatever ROS there is beside this environment's.

`ROS2_BAG` names another one: a `ros2` program, or the folder with `bin/ros2` in it.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from .contents import read_mcap
from .contestants import Outcome, Run, outcome_of, record_all
from .processes import BENCH, Process
from .reader_depths import reader_depths
from .streams import LOADS

VARIABLE = "ROS2_BAG"
_LISTS = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "AMENT_PREFIX_PATH", "CMAKE_PREFIX_PATH")
_OWN = ("_ROS_WHEELS_", "PYTHONHOME", "VIRTUAL_ENV")
PROBE_TIMEOUT_S = 60.0


def program() -> str | None:
    """The `ros2` to be measured; None where there is none."""
    named = os.environ.get(VARIABLE)
    if named is None:
        return shutil.which("ros2")
    path = Path(named).expanduser()
    return str(path / "bin" / "ros2") if path.is_dir() else str(path)


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables for another ROS than the wheels of this environment.

    Theirs are taken out of every list of folders, and so is the bench's own; what a person has
    sourced stays.
    """
    own = (Path(sys.prefix), BENCH)
    clean = {k: v for k, v in environ.items() if not k.startswith(_OWN)}
    for name in _LISTS:
        if name in clean:
            kept = [f for f in clean[name].split(os.pathsep) if f and not _is_below(f, own)]
            clean[name] = os.pathsep.join(kept)
    return {k: v for k, v in clean.items() if v or k not in _LISTS}


def _is_below(folder: str, roots: tuple[Path, ...]) -> bool:
    return any(Path(folder).is_relative_to(root) for root in roots)


def missing() -> str | None:
    """Why it cannot run here; None when it can."""
    ros2 = program()
    if ros2 is None:
        return f"not available: ros2 is not on PATH, and {VARIABLE} names none"
    try:
        probe = subprocess.run(
            [ros2, "bag", "record", "--help"],
            capture_output=True,
            text=True,
            check=False,
            env=environment(os.environ),
            timeout=PROBE_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"not available: {error}"
    if probe.returncode:
        return f"not available: {ros2} bag record: {_last_line(probe.stderr)}"
    if "mcap" not in probe.stdout:
        return f"not available: {ros2} bag record has no storage mcap"
    return None


def rosbag2(run: Run, *, same_depths: bool) -> Outcome:
    """As it comes or with the recorder's reader depths.

    Raises:
        RuntimeError: it did not record; the message has its last words.
    """
    bag, log = run.folder / "bag", run.folder / "rosbag2.log"
    names = [f"/{stream.topic}" for stream in LOADS[run.load]]
    command = [str(program()), "bag", "record", "-s", "mcap", "-o", str(bag), "--topics", *names]
    if same_depths:
        overrides = run.folder / "qos.yaml"
        overrides.write_text(yaml.safe_dump(_qos_overrides(run.load)))
        command += ["--qos-profile-overrides-path", str(overrides)]
    try:
        with (
            Process(command, log, env=environment(os.environ)) as recorder,
            run.publisher() as publisher,
        ):
            load = record_all(run, recorder, publisher)
        files = sorted(bag.glob("*.mcap"))
        messages = (message for path in files for message in read_mcap(path))
        return outcome_of(run, messages, recorder, load)
    except Exception as error:
        raise RuntimeError(f"{error}; its log ends with: {_last_line(log.read_text())}") from None


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "nothing")[:300]


def _qos_overrides(load: str) -> dict[str, dict[str, str | int]]:
    depths = reader_depths(load)
    return {
        f"/{stream.topic}": {
            "history": "keep_last",
            "depth": depths[stream.topic],
            "reliability": "reliable",
            "durability": "volatile",
        }
        for stream in LOADS[load]
    }
