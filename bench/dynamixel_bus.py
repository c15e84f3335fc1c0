"""How near the Dynamixel driver comes to what the bus can carry, and what other patterns cost.

Seven servos on an emulated bus (a process of its own, which times every byte), read and commanded
in turn through the real SDK. The limit counts the bytes of one command and one reading at ten bits
each; turnaround and computing come on top of it in practice. `the line alone` is the same bytes
written and read by nobody: what the emulated line itself allows, the floor of every other row. Each
pattern runs three times for two seconds: its row is the best of them, `worst_share_of_limit` the
slowest.

LeRobot's and GELLO's rows are their read patterns expressed with the same SDK against the same
emulator, not their code: separate group reads for each quantity, the SDK's stock port settings.

Then a follower and a leader are read at 200 Hz through faults of half a second: how long after a
fault's end until a sample that was measured after it.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

from dynamixel_load.buses import emulator, follower_of, leader_of, limit_hz, write_rig
from dynamixel_load.faults import faults_of, recovery_ms
from dynamixel_load.patterns import PEERS, line_alone, own_cycle, stock_port, two_calls_cycle
from dynamixel_load.rates import measure, paced
from dynamixel_load.recorded_rig import recorded_rates
from report import Figure, Report

from teleop_collect.clock import SystemClock
from teleop_collect.devices.bus_emulator.client import EmulatorClient
from teleop_collect.devices.protocols import FollowerArm, LeaderArm
from teleop_collect.devices.registry import create_follower, create_leader
from teleop_collect.process import prefer_control
from teleop_collect.rig.config import DynamixelFollower, DynamixelLeader
from teleop_collect.rig.description import descriptions_of, effective_limits
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.rehearsal import emulated_rig
from teleop_collect.rig.runtime import RUNTIME_VARIABLE

PACED_HZ = 200.0
ALOHA_GOAL_HZ = 100.0
RECOVERY_GOAL_MS = 1000.0


def one_bus(report: Report, folder: Path, baud: int) -> None:
    """Own driver and other patterns on one emulated bus."""
    name = f"{baud // 1_000_000} Mbps"
    rig, port = write_rig(folder, baud), folder / "follower_left"
    with emulator(rig, "left", "--follower"), line_alone(port, baud) as cycle:
        floor = measure(cycle, limit_hz(baud, fast=True))
        report.row(f"{name}, the line alone", **floor)
    for fast, firmware in ((True, "52"), (False, "44")):
        kind = "fast sync read" if fast else "sync read"
        limit = limit_hz(baud, fast=fast)
        with (
            emulator(rig, "left", "--follower", "--firmware", firmware),
            closing(follower_of(port, baud, PACED_HZ)) as follower,
        ):
            follower.connect()
            row = measure(own_cycle(follower), limit)
            if fast:
                row["share_of_line_alone"] = ratio(row, floor)
            report.row(f"{name}, {kind}", **row)
            two = measure(two_calls_cycle(follower), limit)
            report.row(f"{name}, {kind}, in two calls", **two)
            if fast:
                share = float(row["share_of_limit"] or 0)
                report.at_least(f"share_of_limit_{baud // 1_000_000}mbps", share, 0.85)
                follower.hold()
                report.row(f"{name}, paced at 200 Hz", **paced([own_cycle(follower)], PACED_HZ))
    with emulator(rig, "left", "--follower"):
        for peer, cycle in PEERS.items():
            with stock_port(port, baud) as (handler, packets):
                report.peer(
                    f"{peer}, {name}",
                    **measure(cycle(handler, packets), limit_hz(baud, fast=False)),
                )


def ratio(row: Mapping[str, Figure], floor: Mapping[str, Figure]) -> float:
    """A rate as a share of another."""
    return round(float(row["rate_hz"] or 0) / float(floor["rate_hz"] or 1), 3)


def recoveries(report: Report, folder: Path, baud: int) -> None:
    """How soon a follower and a leader are read again after each class of fault."""
    rig = write_rig(folder, baud)
    rows: dict[str, dict[str, Figure]] = {}
    for side, options in (("follower", ("--follower",)), ("leader", ())):
        port = folder / f"{side}_left"
        driver = follower_of if side == "follower" else leader_of
        with (
            emulator(rig, "left", *options),
            closing(EmulatorClient(port.with_suffix(".sock"))) as bus,
            closing(driver(port, baud, PACED_HZ)) as arm,
        ):
            arm.connect()
            for name, fault in faults_of(bus).items():
                ms = round(recovery_ms(arm, *fault), 1)
                rows.setdefault(name, {})[f"{side}_fresh_after_ms"] = ms
    for name, row in rows.items():
        report.row(f"fault: {name}", **row)
    slowest_ms = max(float(ms or 0) for row in rows.values() for ms in row.values())
    report.at_most("recovery_max_ms", slowest_ms, RECOVERY_GOAL_MS)


def aloha(report: Report, folder: Path) -> None:
    """The ALOHA rig file on emulated buses: two leaders and two followers at its own rate."""
    loaded = emulated_rig(load_rig("aloha"), folder)
    descriptions = descriptions_of(loaded.rig, loaded.path)
    with ExitStack() as stack:
        cycles: list[Callable[[], None]] = []
        for name, arm in loaded.rig.arms.items():
            assert isinstance(arm.leader, DynamixelLeader)
            assert isinstance(arm.follower, DynamixelFollower)
            stack.enter_context(emulator(loaded.path, name))
            stack.enter_context(emulator(loaded.path, name, "--follower"))
            leader = create_leader(arm.leader, SystemClock())
            bounds = effective_limits(arm, descriptions[name])
            follower = create_follower(arm.follower, SystemClock(), bounds)
            for device in (leader, follower):
                stack.enter_context(closing(device))
                device.connect()
            home = dict.fromkeys(arm.joints, 0.0) | dict(arm.home)
            cycles += [reading(leader), exchanging(follower, home)]
        rate_hz = arm.follower.rate_hz
        joints = 2 * len(arm.joints)
        row = paced(cycles, rate_hz)
    name = f"ALOHA's rig file: 4 arms, {joints} + {joints} joints, paced at {rate_hz:g} Hz"
    report.row(name, **row)
    report.at_least("aloha_rate_hz", float(row["rate_hz"] or 0), ALOHA_GOAL_HZ)


def aloha_recorded(report: Report, folder: Path) -> None:
    """The same rig as a graph: drivers, cameras, teleoperation, recorder; rates of the episode."""
    row = recorded_rates(folder, "aloha")
    report.row("`up --rig aloha --emulate`, recorded for 10 s", **row)
    report.at_least("aloha_recorded_hz", float(row["arms_min_hz"] or 0), ALOHA_GOAL_HZ)


def reading(leader: LeaderArm) -> Callable[[], None]:
    """One reading of a leader."""
    return lambda: void(leader.read())


def exchanging(follower: FollowerArm, goals: Mapping[str, float]) -> Callable[[], None]:
    """One reading and command of a follower."""
    return lambda: void(follower.exchange(lambda: goals))


def void(_: object) -> None:
    """Nothing of a result."""


def main() -> int:
    """Measure and report."""
    report = Report("dynamixel_bus")
    prefer_control()
    with tempfile.TemporaryDirectory(prefix="tc-") as folder:
        # Where the drivers look for emulated ports, as the emulators do.
        os.environ[RUNTIME_VARIABLE] = folder
        for baud in (1_000_000, 4_000_000):
            one_bus(report, Path(folder), baud)
        aloha(report, Path(folder))
        aloha_recorded(report, Path(folder))
        recoveries(report, Path(folder), 1_000_000)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
