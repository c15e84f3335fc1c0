"""The contract of wrench sources, kept by the simulated sensor.

A sensor that another node publishes keeps it in test/nodes/test_wrench_by_topic.py.
"""

import numpy as np
import pytest
from support.contracts.wrench import WrenchContract

from teleop_collect.clock import SystemClock
from teleop_collect.devices.sim.world import SimWorld
from teleop_collect.rig.load import load_rig

SETTLE_STEPS = 500


class SimulatedStand:
    """The simulated rig's wrist sensor, stepped as fast as it goes."""

    def __init__(self):
        self.loaded = load_rig("sim_tabletop")
        self._world = SimWorld(self.loaded.rig, 0)
        self._clock = SystemClock()
        self._world.step(SETTLE_STEPS)

    def take(self, count):
        samples = []
        for _ in range(count):
            self._world.step(2)
            samples.append(self._world.wrench_sample("main", self._clock.utc_ns()))
        return samples

    def push(self, force_n):
        """Push the body that hangs on the sensor, beside everything that the world does itself."""
        model, data = self._world._model, self._world._data
        world_from_sensor = data.site("main/ft").xmat.reshape(3, 3)
        data.xfrc_applied[model.site("main/ft").bodyid[0], :3] = world_from_sensor @ np.array(
            force_n
        )


class TestSimulatedSensor(WrenchContract):
    @pytest.fixture
    def stand(self):
        return SimulatedStand()
