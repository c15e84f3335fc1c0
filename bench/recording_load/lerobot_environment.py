"""The environment in which the real LeRobot runs: made once, kept below `build/`.

`LEROBOT_VENV` names an environment that has it already.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from .processes import environment_without_ros

REPOSITORY = Path(__file__).resolve().parents[2]
REQUIREMENTS = REPOSITORY / "conformance"
SCRIPT = Path(__file__).with_name("lerobot_episode.py")


class LeRobotMissing(Exception):
    """LeRobot cannot run here; the message says why."""


def lerobot_python() -> Path:
    """Python of an environment with lerobot, made when it is not there (about 2 GB).

    Raises:
        LeRobotMissing: it could not be made.
    """
    folder = Path(os.environ.get("LEROBOT_VENV", REPOSITORY / "build" / "conformance-venv"))
    if not (folder / "complete").exists():
        pip = [folder / "bin" / "pip", "install", "--quiet"]
        needs = REQUIREMENTS / "requirements-lerobot.txt"
        alone = REQUIREMENTS / "requirements-lerobot-alone.txt"
        _make([sys.executable, "-m", "venv", folder])
        _make([*pip, "-r", needs])
        _make([*pip, "--no-deps", "-r", alone])
        (folder / "complete").touch()
    return folder / "bin" / "python"


def _make(command: list[object]) -> None:
    done = subprocess.run(
        command,
        env=environment_without_ros(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LeRobotMissing((done.stderr.strip().splitlines() or ["it cannot be installed"])[-1])


def save_episode(frames: int, mode: str) -> dict[str, float]:
    """Record one episode with LeRobot.

    Args:
        frames: steps, each with two images.
        mode: `default` or `streaming`.

    Returns:
        `save_s`, `add_s`, `dropped` images.

    Raises:
        LeRobotMissing: it cannot run here.
    """
    python = lerobot_python()
    with tempfile.TemporaryDirectory(prefix="lerobot-") as folder:
        environ = environment_without_ros(os.environ)
        environ |= {"HF_HUB_OFFLINE": "1", "HF_HOME": f"{folder}/cache"}
        done = subprocess.run(
            [python, SCRIPT, str(frames), mode, f"{folder}/dataset"],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise LeRobotMissing((done.stderr.strip().splitlines() or ["it failed"])[-1])
    result: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return result
