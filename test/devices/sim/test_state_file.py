import os
import signal
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from teleop_collect.clock import FakeClock, SystemClock
from teleop_collect.devices.sim.state_file import MAX_NQ, StateReader, StateWriter
from teleop_collect.errors import (
    BusyError,
    ConfigError,
    DeviceDisconnected,
    DeviceError,
    DeviceTimeout,
)
from teleop_collect.rig.config import Rig
from teleop_collect.samples import FloatArray


@dataclass
class FixedPhysics:
    """A world whose state the test sets."""

    rig: Rig
    seed: int
    qpos: FloatArray


# A writer in another process that fills every state with one number, as fast as it can.
FLOOD = """
import sys
from pathlib import Path
from types import SimpleNamespace
import numpy as np
from teleop_collect.devices.sim.state_file import StateWriter
from teleop_collect.rig.load import load_rig
world = SimpleNamespace(rig=load_rig("sim_tabletop").rig, seed=0, qpos=np.zeros(800))
writer = StateWriter(Path(sys.argv[1]), world)
writer.write(world, 0)
print("writing", flush=True)
number = 0
while True:
    number += 1
    world.seed = number
    world.qpos[:] = number
    writer.write(world, number)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sim_state"


@pytest.fixture
def physics(rig):
    return FixedPhysics(rig, 4, np.array([1.0, -2.5, 3.0]))


@pytest.fixture
def other_process(path):
    process = subprocess.Popen([sys.executable, "-c", FLOOD, str(path)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"writing\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_reader_gets_what_the_writer_wrote(path, physics):
    writer = StateWriter(path, physics)
    writer.write(physics, 42)
    state = StateReader(path, physics.rig).wait_newer(0, 1.0)
    assert (state.seed, state.stamp_ns) == (4, 42)
    assert state.qpos.tolist() == [1.0, -2.5, 3.0]
    writer.close()


def test_each_state_is_given_once(path, physics):
    writer = StateWriter(path, physics)
    reader = StateReader(path, physics.rig, FakeClock())
    writer.write(physics, 1)
    first = reader.wait_newer(0, 1.0)
    with pytest.raises(DeviceTimeout, match=r"no new state .* for 0\.5 s"):
        reader.wait_newer(first.sequence, 0.5)
    writer.write(physics, 2)
    assert reader.wait_newer(first.sequence, 0.5).stamp_ns == 2


def test_reads_racing_a_writer_in_another_process_are_never_torn(path, rig, other_process):
    reader = StateReader(path, rig)
    sequence, seen = 0, set()
    for _ in range(500):
        state = reader.wait_newer(sequence, 10.0)
        assert set(state.qpos.tolist()) == {float(state.seed)}
        assert state.stamp_ns == state.seed
        sequence = state.sequence
        seen.add(state.seed)
    assert len(seen) == 500


def test_a_writer_that_dies_inside_the_record_is_never_believed(path, physics):
    writer = StateWriter(path, physics)
    writer.write(physics, 1)
    with path.open("r+b") as file:
        file.seek(8)
        file.write((3).to_bytes(8, "little"))
    with pytest.raises(DeviceTimeout):
        StateReader(path, physics.rig, FakeClock()).wait_newer(0, 1.0)


@pytest.mark.parametrize("offset", [16, 25, 41, 49, 57, 65, 80])
def test_a_single_wrong_byte_is_never_believed(path, physics, offset):
    writer = StateWriter(path, physics)
    writer.write(physics, 1)
    content = bytearray(path.read_bytes())
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(bytes([content[offset] ^ 0x10]))
    with pytest.raises(DeviceTimeout):
        StateReader(path, physics.rig, FakeClock()).wait_newer(0, 1.0)


def test_without_a_writer_the_message_says_what_to_start(path, rig):
    with pytest.raises(DeviceDisconnected, match="start the sim_rig node"):
        StateReader(path, rig, FakeClock()).wait_newer(0, 5.0)


def test_the_states_of_a_writer_that_has_closed_are_not_given(path, physics):
    writer = StateWriter(path, physics)
    writer.write(physics, 1)
    writer.close()
    writer.close()
    with pytest.raises(DeviceDisconnected):
        StateReader(path, physics.rig, FakeClock()).wait_newer(0, 5.0)


def test_a_killed_writer_is_noticed_long_before_the_timeout(path, rig, other_process):
    clock = SystemClock()
    reader = StateReader(path, rig, clock)
    sequence = reader.wait_newer(0, 10.0).sequence
    other_process.send_signal(signal.SIGKILL)
    other_process.wait()
    with pytest.raises(DeviceDisconnected):
        reader.wait_newer(sequence, 3600.0)


def test_a_reader_goes_on_with_the_next_writer(path, physics):
    first = StateWriter(path, physics)
    first.write(physics, 1)
    reader = StateReader(path, physics.rig)
    sequence = reader.wait_newer(0, 1.0).sequence
    first.close()
    second = StateWriter(path, physics)
    second.write(physics, 2)
    second.write(physics, 3)
    assert reader.wait_newer(sequence, 1.0).stamp_ns == 3
    second.close()


def test_a_new_writer_withdraws_the_old_ones_state(path, physics):
    first = StateWriter(path, physics)
    first.write(physics, 1)
    first.close()
    second = StateWriter(path, physics)
    with pytest.raises(DeviceTimeout):
        StateReader(path, physics.rig, FakeClock()).wait_newer(0, 1.0)
    second.close()


def test_two_writers_on_one_file_are_refused(path, physics):
    first = StateWriter(path, physics)
    with pytest.raises(BusyError, match="another simulated rig"):
        StateWriter(path, physics, FakeClock())
    first.close()
    StateWriter(path, physics).close()


def test_physics_of_another_rig_is_refused(path, physics, with_sim):
    writer = StateWriter(path, physics)
    writer.write(physics, 1)
    reader = StateReader(path, with_sim(camera_jitter_m=0.5))
    with pytest.raises(ConfigError, match="another rig"):
        reader.wait_newer(0, 1.0)


def test_a_scene_too_large_for_the_file_is_refused_whole(path, rig):
    physics = FixedPhysics(rig, 0, np.zeros(MAX_NQ + 1))
    writer = StateWriter(path, physics)
    with pytest.raises(DeviceError, match=f"{MAX_NQ + 1} positions; at most {MAX_NQ}"):
        writer.write(physics, 1)


def test_the_file_is_private(path, physics):
    StateWriter(path, physics).close()
    assert os.stat(path).st_mode & 0o077 == 0
