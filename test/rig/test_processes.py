import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from support.rig_files import load_tiny

from teleop_collect.errors import ConfigError
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.processes import (
    CHECK_ROLES,
    TELEOP_ROLES,
    dds_profile,
    process_environment,
    processes_of,
    shm_free_bytes,
)
from teleop_collect.rig.share import share_dir

GIB = 1 << 30


def test_the_graph_of_the_tabletop_in_start_order():
    loaded = load_rig("sim_tabletop")
    processes = processes_of(loaded)
    assert [(p.name, p.module) for p in processes] == [
        ("leader_bus_emulator_main", "teleop_collect.devices.bus_emulator"),
        ("sim_rig", "teleop_collect.nodes.sim_rig"),
        ("camera", "teleop_collect.nodes.camera"),
        ("leader_arm", "teleop_collect.nodes.leader_arm"),
        ("teleop", "teleop_collect.nodes.teleop"),
        ("rig_check", "teleop_collect.nodes.rig_check"),
        ("recorder", "teleop_collect.nodes.recorder"),
        ("episode_qa", "teleop_collect.nodes.episode_qa"),
        ("sim_operator", "teleop_collect.nodes.sim_operator"),
    ]
    assert all(p.arguments["rig"] == str(loaded.path) for p in processes)
    assert [p.name for p in processes if not p.critical] == ["episode_qa", "sim_operator"]


def test_only_the_emulator_is_no_node_and_it_knows_its_arm():
    plain = [p for p in processes_of(load_rig("sim_bimanual")) if p.plain]
    assert [(p.executable, p.arguments["arm"]) for p in plain] == [
        ("leader_bus_emulator", "left"),
        ("leader_bus_emulator", "right"),
    ]
    assert len({p.name for p in processes_of(load_rig("sim_bimanual"))}) == 10


def test_control_ranks_above_cameras_and_recording():
    ranked = {p.name: p.control for p in processes_of(load_rig("sim_tabletop"))}
    assert {name for name, control in ranked.items() if control} == {
        "leader_bus_emulator_main",
        "sim_rig",
        "leader_arm",
        "teleop",
    }


@pytest.mark.parametrize(
    ("roles", "names"),
    [
        (
            TELEOP_ROLES,
            ["leader_bus_emulator_main", "sim_rig", "camera", "leader_arm", "teleop", "rig_check"],
        ),
        (
            CHECK_ROLES,
            ["leader_bus_emulator_main", "sim_rig", "camera", "leader_arm", "rig_check"],
        ),
    ],
)
def test_parts_of_the_graph(roles: frozenset, names: list[str]):
    assert [p.name for p in processes_of(load_rig("sim_tabletop"), roles)] == names


def test_a_rig_with_real_devices_starts_no_simulation(tmp_path: Path):
    loaded = load_tiny(
        tmp_path,
        ("    follower:\n      driver: sim", "    follower:\n      driver: ros2_control"),
        ("  scene:\n    driver: sim", "  scene:\n    driver: topic"),
        ("sim://tiny", "/dev/ttyDXL_leader"),
    )
    assert [p.name for p in processes_of(loaded)] == [
        "leader_arm",
        "teleop",
        "rig_check",
        "recorder",
        "episode_qa",
    ]


def test_the_environment_is_kept_on_the_host_with_the_profile_of_both_fast_dds():
    profile = str(share_dir() / "config" / "dds" / "large_messages.xml")
    assert process_environment({}, shm_free=2 * GIB) == {
        "FASTRTPS_DEFAULT_PROFILES_FILE": profile,
        "FASTDDS_DEFAULT_PROFILES_FILE": profile,
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    }


@pytest.mark.parametrize(
    "name", ["FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE"]
)
def test_a_profile_that_the_user_has_set_stands(name: str):
    assert process_environment({name: "mine.xml"}, shm_free=2 * GIB) == {
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"
    }


def test_a_discovery_range_that_the_user_has_set_stands():
    present = {"ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET", "FASTDDS_DEFAULT_PROFILES_FILE": "x"}
    assert process_environment(present, shm_free=2 * GIB) == {}


@pytest.mark.parametrize(
    ("free", "name"),
    [
        (GIB, "large_messages.xml"),
        (GIB - 1, "small_shm.xml"),
        (64 << 20, "small_shm.xml"),
        (0, "small_shm.xml"),
    ],
)
def test_little_shared_memory_gets_a_smaller_profile(free: int, name: str):
    assert dds_profile(free).name == name


def test_free_shared_memory_is_what_the_system_says():
    assert shm_free_bytes() == pytest.approx(shutil.disk_usage("/dev/shm").free, rel=0.1)


def test_without_a_profile_file_the_installation_is_called_broken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr("teleop_collect.rig.processes.share_dir", lambda: tmp_path)
    with pytest.raises(ConfigError) as caught:
        dds_profile(2 * GIB)
    assert str(caught.value) == (
        f"{tmp_path}/config/dds/large_messages.xml is missing; install the package again"
    )


@pytest.mark.parametrize("name", ["large_messages.xml", "small_shm.xml"])
def test_a_message_fits_into_its_segment(name: str):
    root = ET.parse(share_dir() / "config" / "dds" / name).getroot()
    values = {e.tag.rpartition("}")[2]: e.text for e in root.iter()}
    assert 4 * int(values["maxMessageSize"]) <= int(values["segment_size"])
    assert values["useBuiltinTransports"] == "true"
