"""Emulated buses in processes of their own, and drivers of them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from teleop_collect.clock import SystemClock
from teleop_collect.devices.dynamixel.follower import DynamixelFollower
from teleop_collect.devices.dynamixel.leader import DynamixelLeader
from teleop_collect.rig.config import DynamixelFollower as FollowerConfig
from teleop_collect.rig.config import DynamixelLeader as LeaderConfig
from teleop_collect.rig.share import shipped_rigs

SERVOS = 7
IDS = tuple(range(1, SERVOS + 1))
STATUS_BYTES, INSTRUCTION_BYTES, FAST_HEAD_BYTES, FAST_SHARE_BYTES = 11, 14, 8, 4
BLOCK_BYTES, GOAL_BYTES = 10, 4


def limit_hz(baud: int, *, fast: bool) -> float:
    """Cycles of one sync write of goals and one sync read of all that the bus could carry."""
    write = INSTRUCTION_BYTES + SERVOS * (1 + GOAL_BYTES)
    request = INSTRUCTION_BYTES + SERVOS
    each = SERVOS * (STATUS_BYTES + BLOCK_BYTES)
    joint = FAST_HEAD_BYTES + SERVOS * (FAST_SHARE_BYTES + BLOCK_BYTES)
    return baud / 10 / (write + request + (joint if fast else each))


def write_rig(folder: Path, baud: int) -> Path:
    """A rig of two arms whose leaders and followers are all emulated."""
    rig = yaml.safe_load(shipped_rigs()["sim_tabletop"].read_text())
    servos = {
        joint: {"id": i, "model": "XM430-W350"}
        for i, joint in enumerate(rig["arms"]["main"]["joints"], 1)
    }
    arms = {}
    for name in ("left", "right"):
        arm = yaml.safe_load(yaml.safe_dump(rig["arms"]["main"]))
        arm["prefix"] = name
        arm["home"] = {}
        arm["leader"] |= {"port": f"sim://leader_{name}", "baud": baud, "servos": servos}
        arm["follower"] = {
            "driver": "dynamixel", "serial": name, "port": f"sim://follower_{name}",
            "baud": baud, "servos": servos, "command_topic": f"{name}/follower/joint_trajectory",
        }  # fmt: skip
        arm.pop("wrench", None)
        arms[name] = arm
    rig["arms"] = arms
    own = {key: rig[key] for key in ("schema", "name", "embodiment", "arms", "recording")}
    own["tasks"] = {"move": {"instruction": "move"}}
    path = folder / "rig.yaml"
    path.write_text(yaml.safe_dump(own))
    return path


@contextmanager
def emulator(rig: Path, arm: str, *options: str) -> Iterator[None]:
    """One emulated bus, ready, in a process of its own."""
    command = [
        sys.executable, "-m", "teleop_collect.devices.bus_emulator",
        "--rig", str(rig), "--arm", arm, *options,
    ]  # fmt: skip
    environment = {**os.environ, "TELEOP_COLLECT_RUNTIME": str(rig.parent)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        if not process.stdout.readline():
            raise RuntimeError("the emulator did not start")
        yield
    finally:
        process.terminate()
        process.wait()


def driven(servos: int) -> dict[str, dict[str, object]]:
    """The servos of one arm, by the joint names of the rig."""
    return {
        joint: {"id": i, "model": "XM430-W350"} for i, joint in enumerate(joint_names()[:servos], 1)
    }


def joint_names() -> list[str]:
    """The joints of the shipped simulated arm."""
    rig = yaml.safe_load(shipped_rigs()["sim_tabletop"].read_text())
    return list(rig["arms"]["main"]["joints"])


def follower_of(path: Path, baud: int, rate_hz: float) -> DynamixelFollower:
    """A driver for one emulated follower."""
    config = FollowerConfig(
        driver="dynamixel", serial="", port="sim://f", baud=baud, rate_hz=rate_hz,
        servos=driven(SERVOS), torque_ramp_s=0.0,
    )  # fmt: skip
    return DynamixelFollower(config, str(path), SystemClock())


def leader_of(path: Path, baud: int, rate_hz: float) -> DynamixelLeader:
    """A driver for one emulated leader."""
    config = LeaderConfig(
        serial="", port="sim://l", baud=baud, rate_hz=rate_hz, servos=driven(SERVOS)
    )
    return DynamixelLeader(config, str(path), SystemClock())
