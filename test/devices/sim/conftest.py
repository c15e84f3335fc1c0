"""The shipped simulated rig, and a way to run it with other values in its `sim` section."""

from collections.abc import Callable

import pytest

from teleop_collect.rig.config import Rig
from teleop_collect.rig.load import load_rig


@pytest.fixture(scope="session")
def rig() -> Rig:
    return load_rig("sim_tabletop").rig


@pytest.fixture(scope="session")
def with_sim(rig: Rig) -> Callable[..., Rig]:
    def changed(**values: object) -> Rig:
        assert rig.sim is not None
        return rig.model_copy(update={"sim": rig.sim.model_copy(update=values)})

    return changed


@pytest.fixture(scope="session")
def two_arms(rig: Rig) -> Rig:
    """The same arm twice, side by side; cameras of the scene only."""
    arm = rig.arms["main"]

    def at(y_m: float) -> object:
        base = arm.base.model_copy(update={"xyz_m": (0.0, y_m, 0.0)})
        return arm.model_copy(update={"base": base})

    cameras = {"scene": rig.cameras["scene"]}
    return rig.model_copy(update={"arms": {"left": at(0.3), "right": at(-0.3)}, "cameras": cameras})
