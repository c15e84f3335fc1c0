import sys

import pytest

from teleop_collect.clock import FakeClock
from teleop_collect.devices.sim.camera import SimCameras
from teleop_collect.devices.sim.operator import ScriptedOperator
from teleop_collect.devices.sim.world import SimWorld
from teleop_collect.errors import MissingExtraError

INSTALL = r"pip install .*\[sim\]'"


@pytest.fixture
def without(monkeypatch):
    """Makes an installed library impossible to import."""
    return lambda library: monkeypatch.setitem(sys.modules, library, None)


def test_physics_without_mujoco_says_what_to_install(rig, without):
    without("mujoco")
    with pytest.raises(MissingExtraError, match=f"mujoco.*{INSTALL}"):
        SimWorld(rig, 0)


def test_cameras_without_mujoco_say_what_to_install(rig, without, tmp_path):
    without("mujoco")
    with pytest.raises(MissingExtraError, match=f"mujoco.*{INSTALL}"):
        SimCameras(rig, ("scene",), tmp_path / "s", FakeClock()).connect()


def test_the_operator_without_pinocchio_says_what_to_install(rig, without):
    without("pinocchio")
    with pytest.raises(MissingExtraError, match=f"pinocchio.*{INSTALL}"):
        ScriptedOperator(rig)
