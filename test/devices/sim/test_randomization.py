import json

import pytest

from teleop_collect.devices.sim.randomization import sample_scene
from teleop_collect.errors import ConfigError


def test_same_seed_draws_the_same_scene(rig):
    assert sample_scene(rig, 7) == sample_scene(rig, 7)


def test_seeds_differ_in_every_group(rig):
    one, other = sample_scene(rig, 1).as_dict(), sample_scene(rig, 2).as_dict()
    for group in ("cube", "bin", "lighting", "colors", "contact", "camera_offsets"):
        assert one[group] != other[group], group


def test_draws_stay_within_the_rig_files_bounds(rig):
    sim = rig.sim
    for seed in range(200):
        scene = sample_scene(rig, seed)
        for placement, nominal in ((scene.cube, sim.cube), (scene.bin, sim.bin)):
            dx, dy, dz = (a - b for a, b in zip(placement.xyz_m, nominal.xyz_m, strict=True))
            assert abs(dx) <= nominal.jitter_m
            assert abs(dy) <= nominal.jitter_m
            assert dz == 0
            assert abs(placement.yaw_rad - nominal.yaw_rad) <= nominal.jitter_yaw_rad
        for offset in scene.camera_offsets.values():
            assert max(map(abs, offset.xyz_m)) <= sim.camera_jitter_m
            assert max(map(abs, offset.rpy_rad)) <= sim.camera_jitter_rad


def test_without_randomisation_every_scene_is_the_rig_files(with_sim):
    rig = with_sim(randomize=False)
    one, other = sample_scene(rig, 1), sample_scene(rig, 2)
    assert one.cube.xyz_m == rig.sim.cube.xyz_m
    assert {**one.as_dict(), "seed": 2} == other.as_dict()
    assert not one.randomized


def test_episode_data_survives_json(rig):
    drawn = sample_scene(rig, 3).as_dict()
    again = json.loads(json.dumps(drawn, allow_nan=False))
    assert again["cube"]["yaw_rad"] == drawn["cube"]["yaw_rad"]
    assert again["camera_offsets"].keys() == rig.cameras.keys()


def test_a_rig_without_sim_section_is_refused_by_name(rig):
    with pytest.raises(ConfigError, match="rig sim_tabletop has no `sim` section"):
        sample_scene(rig.model_copy(update={"sim": None}), 0)


def test_a_negative_seed_is_refused_with_its_value(rig):
    with pytest.raises(ConfigError, match="seed is -1"):
        sample_scene(rig, -1)
