"""How near the Dynamixel driver comes to what the bus can carry, and what other patterns cost.

Seven servos on an emulated bus (a process of its own, which times every byte), read and commanded
in turn through the real SDK. The limit counts the bytes of one command and one reading at ten bits
each; turnaround and computing come on top of it in practice. `the line alone` is the same bytes
written and read by nobody: what the emulated line itself allows.

LeRobot's and GELLO's rows are their read patterns expressed with the same SDK against the same
emulator, not their code: separate group reads for each quantity, the SDK's stock port settings.

Then the follower is read at 200 Hz through faults of half a second: how long after a fault's end
until a sample that was measured after it.
"""

import os
import select
import struct
import subprocess
import sys
import tempfile
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import dynamixel_sdk as sdk
import numpy as np
import yaml
from numpy.typing import NDArray
from report import Figure, Report

from teleop_collect.clock import PacedLoop, SystemClock
from teleop_collect.devices.bus_emulator.client import EmulatorClient
from teleop_collect.devices.bus_emulator.protocol import (
    BROADCAST_ID,
    Instruction,
    encode_instruction,
)
from teleop_collect.devices.dynamixel.follower import DynamixelFollower
from teleop_collect.devices.dynamixel.leader import DynamixelLeader
from teleop_collect.errors import DeviceError, DeviceTimeout
from teleop_collect.process import prefer_control
from teleop_collect.rig.config import DynamixelFollower as FollowerConfig
from teleop_collect.rig.config import DynamixelLeader as LeaderConfig
from teleop_collect.rig.share import shipped_rigs

SERVOS = 7
RUN_S = 4.0
FAULT_S = 0.5
BOOT_S = 0.3
RECONNECT_S = 0.2
RECOVERY_GOAL_MS = 1000.0
BLOCK_START, GOAL_POSITION = 126, 116
WARM_UP_S = 0.3
ALOHA_HZ = 120.0
ALOHA_GOAL_HZ = 100.0
PACED_HZ = 200.0
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
        joint: {"id": i, "model": "XM430-W350"}
        for i, joint in enumerate(_joint_names()[:servos], 1)
    }


def _joint_names() -> list[str]:
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
    config = LeaderConfig(serial="", port="sim://l", baud=baud, rate_hz=rate_hz,
                          servos=driven(SERVOS))  # fmt: skip
    return DynamixelLeader(config, str(path), SystemClock())


def measure(cycle: Callable[[], None], limit: float) -> dict[str, Figure]:
    """Run a cycle as fast as it goes; cycles without an answer do not count."""
    warm = time.perf_counter() + WARM_UP_S
    while time.perf_counter() < warm:
        with suppress(DeviceTimeout):
            cycle()
    periods, missed = [], 0
    cpu_s, start = time.process_time(), time.perf_counter()
    last = start
    while last - start < RUN_S:
        try:
            cycle()
        except DeviceTimeout:
            missed += 1
            continue
        now = time.perf_counter()
        periods.append(now - last)
        last = now
    wall_s, used_s = last - start, time.process_time() - cpu_s
    rate_hz = len(periods) / wall_s
    row: dict[str, Figure] = {
        "rate_hz": round(rate_hz, 1),
        "limit_hz": round(limit, 1),
        "share_of_limit": round(rate_hz / limit, 3),
    }
    return row | spread(np.array(periods), used_s / wall_s) | {"missed_reads": missed}


def spread(periods_s: NDArray[np.float64], cpu_share: float) -> dict[str, Figure]:
    """Periods and CPU of this process."""
    p50, p99 = np.percentile(periods_s, [50, 99])
    return {
        "period_p50_ms": round(1000 * p50, 3),
        "period_p99_ms": round(1000 * p99, 3),
        "cpu_percent": round(100 * cpu_share, 1),
    }


def own_cycle(follower: DynamixelFollower) -> Callable[[], None]:
    """Goals out and joints in, in one turn of the bus."""
    goals = dict.fromkeys(_joint_names(), 0.1)

    def cycle() -> None:
        follower.exchange(lambda: goals)

    return cycle


@contextmanager
def line_alone(path: Path) -> Iterator[Callable[[], None]]:
    """The bytes of one command and one fast reading, and nobody who looks at them."""
    goals = b"".join(struct.pack("<Bi", i, 2113) for i in IDS)
    write = struct.pack("<HH", GOAL_POSITION, GOAL_BYTES) + goals
    read = struct.pack("<HH", BLOCK_START, BLOCK_BYTES) + bytes(IDS)
    both = encode_instruction(BROADCAST_ID, Instruction.SYNC_WRITE, write)
    both += encode_instruction(BROADCAST_ID, Instruction.FAST_SYNC_READ, read)
    answer_bytes = FAST_HEAD_BYTES + SERVOS * (FAST_SHARE_BYTES + BLOCK_BYTES)
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(fd)

    def cycle() -> None:
        os.write(fd, both)
        missing = answer_bytes
        while missing:
            if not select.select([fd], [], [], 0.1)[0]:
                raise DeviceTimeout("no answer")
            missing -= len(os.read(fd, missing))

    try:
        yield cycle
    finally:
        os.close(fd)


def two_calls_cycle(follower: DynamixelFollower) -> Callable[[], None]:
    """A command, then a reading."""
    goals = dict.fromkeys(_joint_names(), 0.1)

    def cycle() -> None:
        follower.command(goals)
        follower.read()

    return cycle


@contextmanager
def stock_port(path: Path, baud: int) -> Iterator[tuple[sdk.PortHandler, sdk.PacketHandler]]:
    """The SDK's port as its users open it."""
    port, packets = sdk.PortHandler(str(path)), sdk.PacketHandler(2.0)
    port.openPort()
    port.setBaudRate(baud)
    try:
        yield port, packets
    finally:
        port.closePort()


def goal_writer(port: sdk.PortHandler, packets: sdk.PacketHandler) -> Callable[[], None]:
    """A sync write of all goals, parameters made anew each time."""

    def write() -> None:
        group = sdk.GroupSyncWrite(port, packets, 116, 4)
        for servo_id in IDS:
            group.addParam(servo_id, list(struct.pack("<i", 2113)))
        group.txPacket()

    return write


def lerobot_cycle(port: sdk.PortHandler, packets: sdk.PacketHandler) -> Callable[[], None]:
    """A sync read of positions and one of velocities, then a sync write of goals."""
    write = goal_writer(port, packets)

    def read(address: int) -> None:
        group = sdk.GroupSyncRead(port, packets, address, 4)
        for servo_id in IDS:
            group.addParam(servo_id)
        group.txRxPacket()
        for servo_id in IDS:
            group.getData(servo_id, address, 4)

    def cycle() -> None:
        read(132)
        read(128)
        write()

    return cycle


def gello_cycle(port: sdk.PortHandler, packets: sdk.PacketHandler) -> Callable[[], None]:
    """One lasting group for positions and one for velocities, then goals one servo at a time."""
    groups = []
    for address in (132, 128):
        group = sdk.GroupSyncRead(port, packets, address, 4)
        for servo_id in IDS:
            group.addParam(servo_id)
        groups.append((address, group))
    write = goal_writer(port, packets)

    def cycle() -> None:
        for address, group in groups:
            group.txRxPacket()
            for servo_id in IDS:
                if group.isAvailable(servo_id, address, 4):
                    group.getData(servo_id, address, 4)
        write()

    return cycle


def each_servo_cycle(port: sdk.PortHandler, packets: sdk.PacketHandler) -> Callable[[], None]:
    """A read of position and one of velocity from each servo, then a sync write."""
    write = goal_writer(port, packets)

    def cycle() -> None:
        for servo_id in IDS:
            packets.read4ByteTxRx(port, servo_id, 132)
            packets.read4ByteTxRx(port, servo_id, 128)
        write()

    return cycle


PEERS = {
    "LeRobot's pattern": lerobot_cycle,
    "GELLO's pattern": gello_cycle,
    "one read for each servo and quantity": each_servo_cycle,
}


def one_bus(report: Report, folder: Path, baud: int) -> None:
    """Own driver and other patterns on one emulated bus."""
    name = f"{baud // 1_000_000} Mbps"
    rig, port = write_rig(folder, baud), folder / "follower_left"
    for fast, firmware in ((True, "52"), (False, "44")):
        kind = "fast sync read" if fast else "sync read"
        limit = limit_hz(baud, fast=fast)
        with (
            emulator(rig, "left", "--follower", "--firmware", firmware),
            closing(follower_of(port, baud, PACED_HZ)) as follower,
        ):
            follower.connect()
            row = measure(own_cycle(follower), limit)
            report.row(f"{name}, {kind}", **row)
            two = measure(two_calls_cycle(follower), limit)
            report.row(f"{name}, {kind}, in two calls", **two)
            if fast:
                share = float(row["share_of_limit"] or 0)
                report.at_least(f"share_of_limit_{baud // 1_000_000}mbps", share, 0.85)
                follower.hold()
                report.row(f"{name}, paced at 200 Hz", **paced([own_cycle(follower)], PACED_HZ))
    with emulator(rig, "left", "--follower"), line_alone(port) as cycle:
        bare = measure(cycle, limit_hz(baud, fast=True))
        report.row(f"{name}, the line alone", **bare)
    with emulator(rig, "left", "--follower"):
        for peer, cycle in PEERS.items():
            with stock_port(port, baud) as (handler, packets):
                report.peer(
                    f"{peer}, {name}",
                    **measure(cycle(handler, packets), limit_hz(baud, fast=False)),
                )


def paced(cycles: list[Callable[[], None]], rate_hz: float) -> dict[str, Figure]:
    """Run cycles at a fixed rate, each in a thread of its own, as the nodes do."""
    periods: list[list[int]] = [[] for _ in cycles]
    missed = [0] * len(cycles)

    def run(index: int) -> None:
        loop = PacedLoop(rate_hz, SystemClock())
        end = time.monotonic() + RUN_S
        last_ns = loop.wait()
        while time.monotonic() < end:
            try:
                cycles[index]()
            except DeviceTimeout:
                missed[index] += 1
            now_ns = loop.wait()
            periods[index].append(now_ns - last_ns)
            last_ns = now_ns

    cpu_s, start = time.process_time(), time.perf_counter()
    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(cycles))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall_s, used_s = time.perf_counter() - start, time.process_time() - cpu_s
    together = np.concatenate([np.array(p) / 1e9 for p in periods])
    answered = min(len(p) - m for p, m in zip(periods, missed, strict=True))
    row: dict[str, Figure] = {"rate_hz": round(answered / RUN_S, 1)}
    return row | spread(together, used_s / wall_s) | {"missed_reads": sum(missed)}


def recovery_ms(follower: DynamixelFollower, begin: Callable[[], None],
                end: Callable[[], None], fault_s: float = FAULT_S) -> float:  # fmt: skip
    """From a fault's end until a sample measured after it has been read, as a node reads."""
    begin()
    until = time.monotonic() + fault_s
    while time.monotonic() < until:
        read_as_a_node(follower)
    end()
    ended_s, ended_ns = time.monotonic(), time.time_ns()
    while (stamp_ns := read_as_a_node(follower)) is None or stamp_ns < ended_ns:
        continue
    return 1000 * (time.monotonic() - ended_s)


def read_as_a_node(follower: DynamixelFollower) -> int | None:
    """Read once, 5 ms later than the last time; connect again 0.2 s after a loss."""
    time.sleep(1 / PACED_HZ)
    try:
        return follower.read().stamp_ns
    except DeviceTimeout:
        return None
    except DeviceError:
        follower.close()
        time.sleep(RECONNECT_S)
        with suppress(DeviceError):
            follower.connect()
        return None


def recoveries(report: Report, folder: Path, baud: int) -> None:
    """How soon the follower is read again after each class of fault."""
    rig = write_rig(folder, baud)
    with (
        emulator(rig, "left", "--follower"),
        closing(EmulatorClient(folder / "follower_left.sock")) as bus,
        closing(follower_of(folder / "follower_left", baud, PACED_HZ)) as follower,
    ):
        follower.connect()

        def lasting(kind: str) -> Callable[[], None]:
            return lambda: bus.inject(kind, count=None)

        faults: dict[str, tuple[Callable[[], None], Callable[[], None], float]] = {
            f"{kind}_ms": (lasting(kind), bus.clear, FAULT_S)
            for kind in ("no_reply", "truncated", "bit_flip", "dropped_byte", "late_reply")
        }
        faults |= {
            "silent_servo_ms": (lambda: bus.silence(4), bus.clear, FAULT_S),
            "overload_ms": (lambda: bus.hardware_error(4, 0x20), bus.clear, FAULT_S),
            "rebooted_servo_ms": (lambda: bus.reboot(4, BOOT_S), lambda: None, BOOT_S),
            "unplugged_ms": (bus.unplug, bus.plug, FAULT_S),
        }
        row = {name: recovery_ms(follower, *fault) for name, fault in faults.items()}
    report.row("fresh sample after a fault's end", **{k: round(v, 1) for k, v in row.items()})
    report.at_most("recovery_max_ms", max(row.values()), RECOVERY_GOAL_MS)


def aloha(report: Report, folder: Path, baud: int) -> None:
    """Two leaders and two followers at once: 14 + 14 joints."""
    rig = write_rig(folder, baud)
    with ExitStack() as stack:
        cycles: list[Callable[[], None]] = []
        for arm in ("left", "right"):
            stack.enter_context(emulator(rig, arm))
            stack.enter_context(emulator(rig, arm, "--follower"))
            leader = stack.enter_context(closing(leader_of(folder / f"leader_{arm}", baud, 100)))
            follower = stack.enter_context(
                closing(follower_of(folder / f"follower_{arm}", baud, 100))
            )
            leader.connect()
            follower.connect()
            cycles += [lambda one=leader: one.read(), own_cycle(follower)]  # type: ignore[misc]
        row = paced(cycles, ALOHA_HZ)
    report.row(f"ALOHA: 4 arms, 14 + 14 joints, {baud // 1_000_000} Mbps, paced at 120 Hz", **row)
    report.at_least("aloha_rate_hz", float(row["rate_hz"] or 0), ALOHA_GOAL_HZ)


def main() -> int:
    """Measure and report."""
    report = Report("dynamixel_bus")
    prefer_control()
    with tempfile.TemporaryDirectory(prefix="tc-") as folder:
        for baud in (1_000_000, 4_000_000):
            one_bus(report, Path(folder), baud)
        aloha(report, Path(folder), 1_000_000)
        recoveries(report, Path(folder), 1_000_000)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
