"""Physics to renderer: the newest state in a memory-mapped file, never torn.

One writer, any number of readers, in different processes. A sequence number is odd while the
writer is inside the record (a seqlock, as in the Linux kernel), and a CRC-32 covers sequence number
and content, so a reader that races the writer tries again even on a machine that shows another
core's stores out of order.

The writer holds a lock on the file as long as it lives; the kernel drops it with the process. So a
reader can tell "no physics" (nobody holds it) from "physics is late" (no newer state yet).
"""

import fcntl
import hashlib
import json
import mmap
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from teleop_collect.clock import NS_PER_S, Clock, SystemClock
from teleop_collect.errors import (
    BusyError,
    ConfigError,
    DeviceDisconnected,
    DeviceError,
    DeviceTimeout,
)
from teleop_collect.rig.config import Rig
from teleop_collect.samples import FloatArray

MAX_NQ = 1024
POLL_NS = 1_000_000
LIVENESS_NS = 20_000_000
LOCK_WAIT_NS = 500_000_000

_MAGIC = b"TCSIM001"
_DIGEST_BYTES = 16
_SEQUENCE = struct.Struct("<Q")
_CRC = struct.Struct("<I")
_FIXED = struct.Struct(f"<{_DIGEST_BYTES}sqqQ")
_SEQUENCE_AT = len(_MAGIC)
_CRC_AT = _SEQUENCE_AT + _SEQUENCE.size
_BODY_AT = 24
_FILE_BYTES = _BODY_AT + _FIXED.size + 8 * MAX_NQ


@dataclass(frozen=True)
class SimState:
    """One physics state.

    Attributes:
        sequence: grows with every state of one writer.
        seed: seed of the scene.
        stamp_ns: UTC time of the state, ns.
        qpos: MuJoCo's generalised positions, shape (nq,).
    """

    sequence: int
    seed: int
    stamp_ns: int
    qpos: FloatArray


class Physics(Protocol):
    """What the writer asks of a `SimWorld`."""

    rig: Rig

    @property
    def seed(self) -> int:
        """Seed of the present scene."""
        ...

    @property
    def qpos(self) -> FloatArray:
        """Generalised positions, shape (nq,)."""
        ...


def scene_digest(rig: Rig) -> bytes:
    """Hash of what a rig file says about the scene: arms, cameras and `sim`."""
    said = rig.model_dump(mode="json", include={"arms", "cameras", "sim"})
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()[:_DIGEST_BYTES]


class StateWriter:
    """The physics' end of the file. Owns the file while open.

    Args:
        path: where to put it; its folder exists.
        world: the physics, whose rig the readers must share.
        clock: paces the wait for another writer's lock.

    Raises:
        BusyError: another process writes to this file.
    """

    def __init__(self, path: Path, world: Physics, clock: Clock | None = None) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock(self._descriptor, path, clock or SystemClock())
            if os.fstat(self._descriptor).st_size < _FILE_BYTES:
                os.ftruncate(self._descriptor, _FILE_BYTES)
            self._memory = mmap.mmap(self._descriptor, _FILE_BYTES)
        except BaseException:
            os.close(self._descriptor)
            raise
        self._digest = scene_digest(world.rig)
        self._sequence = 0
        self._open = True
        _SEQUENCE.pack_into(self._memory, _SEQUENCE_AT, 0)
        self._memory[: len(_MAGIC)] = _MAGIC

    def write(self, world: Physics, stamp_ns: int) -> None:
        """Hand over the world's present state.

        Raises:
            DeviceError: the scene has more than `MAX_NQ` generalised positions.
        """
        qpos = np.ascontiguousarray(world.qpos, dtype="<f8")
        if qpos.size > MAX_NQ:
            raise DeviceError(
                f"the simulated scene has {qpos.size} positions; at most {MAX_NQ} can be rendered"
            )
        self._sequence += 2
        body = _FIXED.pack(self._digest, world.seed, stamp_ns, qpos.size) + qpos.tobytes()
        checksum = _checksum(self._sequence, body)
        memory = self._memory
        _SEQUENCE.pack_into(memory, _SEQUENCE_AT, self._sequence - 1)
        _CRC.pack_into(memory, _CRC_AT, checksum)
        memory[_BODY_AT : _BODY_AT + len(body)] = body
        _SEQUENCE.pack_into(memory, _SEQUENCE_AT, self._sequence)

    def close(self) -> None:
        """Let readers know that the physics has ended; safe to call twice."""
        if self._open:
            self._open = False
            self._memory.close()
            os.close(self._descriptor)


class StateReader:
    """The renderer's end of the file.

    Args:
        path: the writer's file; it need not exist yet.
        rig: the rig that the writer must simulate.
        clock: paces waiting.
    """

    def __init__(self, path: Path, rig: Rig, clock: Clock | None = None) -> None:
        self._path = path
        self._digest = scene_digest(rig)
        self._clock = clock or SystemClock()
        self._descriptor = -1
        self._memory: mmap.mmap | None = None

    def wait_newer(self, sequence: int, timeout_s: float) -> SimState:
        """Wait for a state other than the one last seen.

        Args:
            sequence: sequence number of the state last seen; 0 accepts any state.
            timeout_s: how long to wait for it.

        Raises:
            DeviceTimeout: the physics runs but gave no newer state in time.
            DeviceDisconnected: no physics runs on this file.
            ConfigError: the physics simulates another rig.
        """
        start_ns = self._clock.monotonic_ns()
        deadline_ns = start_ns + round(timeout_s * NS_PER_S)
        liveness_ns = start_ns
        while True:
            state = self._newest()
            if state is not None and state.sequence != sequence:
                return state
            now_ns = self._clock.monotonic_ns()
            if now_ns >= deadline_ns:
                raise self._overdue(timeout_s)
            if now_ns >= liveness_ns:
                liveness_ns = now_ns + LIVENESS_NS
                if sequence and not self._writer_lives():
                    raise self._overdue(timeout_s)
            self._clock.sleep_until_ns(min(now_ns + POLL_NS, deadline_ns))

    def close(self) -> None:
        """Release the file; safe to call twice."""
        if self._memory is not None:
            self._memory.close()
            self._memory = None
            os.close(self._descriptor)

    def _overdue(self, timeout_s: float) -> DeviceError:
        if self._memory is None or not self._writer_lives():
            return DeviceDisconnected(
                f"no simulated physics runs on {self._path}; "
                "start the sim_rig node of the same rig and ROS domain"
            )
        return DeviceTimeout(
            f"the simulated physics gave no new state on {self._path} for {timeout_s:g} s; "
            "it is paused or the machine is overloaded"
        )

    def _newest(self) -> SimState | None:
        """The present state; None while there is none, or while the writer is inside."""
        if self._memory is None and not self._map():
            return None
        memory = self._memory
        assert memory is not None
        (before,) = _SEQUENCE.unpack_from(memory, _SEQUENCE_AT)
        if before == 0 or before % 2:
            return None
        (checksum,) = _CRC.unpack_from(memory, _CRC_AT)
        digest, seed, stamp_ns, count = _FIXED.unpack_from(memory, _BODY_AT)
        if count > MAX_NQ:
            return None
        body = memory[_BODY_AT : _BODY_AT + _FIXED.size + 8 * count]
        (after,) = _SEQUENCE.unpack_from(memory, _SEQUENCE_AT)
        if before != after or checksum != _checksum(before, body):
            return None
        if not self._writer_lives():
            return None
        if digest != self._digest:
            raise ConfigError(
                f"the physics on {self._path} simulates another rig or another version of the rig "
                "file; start physics and cameras with the same rig file"
            )
        return SimState(before, seed, stamp_ns, np.frombuffer(body, "<f8", offset=_FIXED.size))

    def _map(self) -> bool:
        """Map the file if a writer has prepared it."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        if os.fstat(descriptor).st_size < _FILE_BYTES or os.pread(descriptor, 8, 0) != _MAGIC:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        self._memory = mmap.mmap(descriptor, _FILE_BYTES, access=mmap.ACCESS_READ)
        return True

    def _writer_lives(self) -> bool:
        """Whether some process holds the writer's lock."""
        if self._memory is None:
            return False
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        return False


def _checksum(sequence: int, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(_SEQUENCE.pack(sequence)))


def _lock(descriptor: int, path: Path, clock: Clock) -> None:
    """Take the writer's lock; readers that test it hold it for microseconds."""
    deadline_ns = clock.monotonic_ns() + LOCK_WAIT_NS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if clock.monotonic_ns() >= deadline_ns:
                raise BusyError(
                    f"another simulated rig writes to {path}; stop it, or use another "
                    "ROS_DOMAIN_ID for this one"
                ) from None
            clock.sleep_until_ns(clock.monotonic_ns() + POLL_NS)
