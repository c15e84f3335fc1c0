"""Checks of what a rig file asks of the simulated rig."""

from collections.abc import Iterator

from teleop_collect.rig.config import Rig, Sim, SimObject
from teleop_collect.rig.problem import Key, Problem, unknown_name


def simulation_problems(rig: Rig) -> Iterator[Problem]:
    """What is wrong with the simulated part of a rig."""
    yield from _mixture_problems(rig)
    if rig.sim is None:
        for key in _simulated_drivers(rig):
            yield Problem(key, "a simulated device needs the section 'sim' in the rig file")
        return
    yield from _object_problems(rig)
    yield from _command_problems(rig)
    yield from _rate_problems(rig, rig.sim.physics_hz)


def _simulated_drivers(rig: Rig) -> Iterator[Key]:
    for name, arm in rig.arms.items():
        if arm.follower.driver == "sim":
            yield ("arms", name, "follower", "driver")
    for name, camera in rig.cameras.items():
        if camera.driver == "sim":
            yield ("cameras", name, "driver")


def _object_problems(rig: Rig) -> Iterator[Problem]:
    bodies = [name for name, f in Sim.model_fields.items() if f.annotation is SimObject]
    for name in rig.objects:
        if name not in bodies:
            text = f"the simulated scene has {unknown_name('object', bodies, name)}"
            yield Problem(("objects", name), text, with_value=False)


def _command_problems(rig: Rig) -> Iterator[Problem]:
    for name, arm in rig.arms.items():
        if arm.follower.driver == "sim" and arm.follower.command != "joint_trajectory":
            key: Key = ("arms", name, "follower", "command")
            yield Problem(key, "the simulated follower takes joint_trajectory only")


def _mixture_problems(rig: Rig) -> Iterator[Problem]:
    """The physics holds every arm of the rig, so all of them are simulated or none is."""
    drivers = {arm.follower.driver for arm in rig.arms.values()}
    for name, arm in rig.arms.items():
        if "sim" in drivers and arm.follower.driver != "sim":
            key: Key = ("arms", name, "follower", "driver")
            yield Problem(key, "other followers of this rig are simulated; simulate all or none")
        if arm.wrench is not None and arm.wrench.driver == "sim" and arm.follower.driver != "sim":
            text = "only a simulated follower has a simulated sensor; use driver: topic"
            yield Problem(("arms", name, "wrench", "driver"), text)


def _rate_problems(rig: Rig, physics_hz: int) -> Iterator[Problem]:
    """The simulation publishes every n-th physics step."""
    rates: list[tuple[Key, float]] = []
    for name, arm in rig.arms.items():
        if arm.follower.driver == "sim":
            rates.append((("arms", name, "follower", "rate_hz"), arm.follower.rate_hz))
            if arm.wrench is not None:
                rates.append((("arms", name, "wrench", "rate_hz"), arm.wrench.rate_hz))
    rates += [(("objects", name, "rate_hz"), o.rate_hz) for name, o in rig.objects.items()]
    for key, rate_hz in rates:
        if rate_hz > physics_hz or physics_hz % rate_hz:
            yield Problem(key, f"must divide sim.physics_hz ({physics_hz}) without remainder")
