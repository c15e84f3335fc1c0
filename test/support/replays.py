"""The verb `replay` in a process of its own, and a motion that a robot may be driven by."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from support.synthetic_episode import START_NS, write_plan
from support.synthetic_streams import JOINTS, build_plan

from teleop_collect.rig.load import load_rig


def replay(episode: Path, *options: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "teleop_collect.cli.main", "replay", str(episode), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=150, env=os.environ)


def gentle_episode(folder: Path, duration_s: float) -> Path:
    """An episode whose motion stays near the arm's home, clear of the table."""
    name = "20261120T090000Z-sim_tabletop-c1b2c3"
    plan = build_plan(name, START_NS, duration_s, 0, True, (), (64, 48))
    home = load_rig("sim_tabletop").rig.arms["main"].home
    samples = plan.streams["/teleop/action_sent"].samples
    start = samples[0].value["position"].copy()
    at_home = np.array([home.get(joint, start[i]) for i, joint in enumerate(JOINTS)])
    for sample in samples:
        sample.value["position"] = at_home + 0.1 * (sample.value["position"] - start)
    return write_plan(plan, folder, name)
