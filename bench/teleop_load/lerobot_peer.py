"""Runs LeRobot's loop in its own environment; says why when it cannot."""

import json
import os
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from recording_load.lerobot_environment import LeRobotMissing, lerobot_python
from recording_load.processes import environment_without_ros

SCRIPT = Path(__file__).with_name("lerobot_loop.py")
BORROWED = ("dynamixel_sdk", "serial")
"""Pure Python packages that LeRobot's Dynamixel extra asks for; this environment has them."""
UNUSED = ("rerun",)
"""Imported by LeRobot's script for its display, which is off; empty modules stand in."""


def teleoperate(leader: Path, follower: Path, fps: int, seconds: float) -> dict[str, Any]:
    """Run the loop.

    Args:
        leader: serial device.
        follower: serial device.
        fps: of the loop; 0 takes LeRobot's default.
        seconds: how long.

    Returns:
        `fps`; `cycles`, (leader read complete, follower written) of each, ns UTC; and `stops`, how
        often a lost reply ended the loop.

    Raises:
        LeRobotMissing: it cannot run here.
    """
    python = lerobot_python()
    with tempfile.TemporaryDirectory(prefix="lerobot-") as folder:
        for name in BORROWED:
            spec = find_spec(name)
            if spec is None or not spec.submodule_search_locations:
                raise LeRobotMissing(f"{name} is not installed")
            Path(folder, name).symlink_to(spec.submodule_search_locations[0])
        for name in UNUSED:
            Path(folder, f"{name}.py").touch()
        environ = environment_without_ros(os.environ)
        environ |= {"HF_HUB_OFFLINE": "1", "HF_HOME": f"{folder}/cache", "PYTHONPATH": folder}
        command = [str(python), str(SCRIPT), str(leader), str(follower), str(fps), str(seconds)]
        try:
            done = subprocess.run(
                command, env=environ, capture_output=True, text=True, check=False,
                timeout=120 + seconds,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise LeRobotMissing("its loop did not end") from None
    if done.returncode:
        raise LeRobotMissing((done.stderr.strip().splitlines() or ["it failed"])[-1])
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer
