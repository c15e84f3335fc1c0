"""What each launch file declares and starts, and what happens when a process ends."""

import os
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import launch_stand_ins as launch

from teleop_collect.cli.domain import claim_free_domain
from teleop_collect.errors import BusyError, ConfigError, DeviceError
from teleop_collect.rig.domain import claim_domain, environment_domain
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.processes import CHECK_ROLES, COLLECT_ROLES, TELEOP_ROLES, processes_of
from teleop_collect.rig.rehearsal import emulated_rig
from teleop_collect.rig.runtime import RUNTIME_VARIABLE

ROOT = Path(__file__).resolve().parents[2]
LAUNCH_FILES = sorted((ROOT / "launch").glob("*.launch.py"))
GRAPHS = {"collect": COLLECT_ROLES, "teleop": TELEOP_ROLES, "check": CHECK_ROLES}


@pytest.fixture(autouse=True)
def _launch(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    domain, lock = claim_free_domain()
    lock.close()
    monkeypatch.setenv("ROS_DOMAIN_ID", str(domain))
    with launch.installed():
        yield


def described(name: str) -> list[launch.Action]:
    """The entities of one launch file."""
    path = ROOT / "launch" / f"{name}.launch.py"
    return runpy.run_path(str(path))["generate_launch_description"]().entities


def expanded(name: str, **given: str) -> list[launch.Action]:
    """The actions of a launch file with its arguments given, as launch would visit them."""
    return list(_visit(described(name), launch.LaunchContext(), given))


def _visit(
    entities: list[launch.Action], context: launch.LaunchContext, given: dict[str, str]
) -> Iterator[launch.Action]:
    for entity in entities:
        if isinstance(entity, launch.DeclareLaunchArgument):
            value = given.get(entity.name, entity.default_value)
            assert value is not None, f"argument {entity.name} has no default"
            context.launch_configurations[entity.name] = value
        if isinstance(entity, launch.OpaqueFunction):
            yield from _visit(entity.function(context), context, given)
        else:
            yield entity


def started(actions: list[launch.Action]) -> dict[str, launch.ExecuteProcess]:
    return {a.name: a for a in actions if isinstance(a, launch.ExecuteProcess)}


def parameters(node: launch.Node) -> dict[str, str]:
    assert all(value.value_type is str for value in node.parameters[0].values())
    return {name: value.value for name, value in node.parameters[0].items()}


def recorder(**given: str) -> dict[str, str]:
    return parameters(started(expanded("collect", **given))["recorder"])


def test_the_launch_files_are_the_documented_ones():
    names = [path.name.removesuffix(".launch.py") for path in LAUNCH_FILES]
    assert names == ["check", "collect", "replay", "teleop"]


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_every_argument_is_described(path: Path):
    declared = [
        entity
        for entity in described(path.name.removesuffix(".launch.py"))
        if isinstance(entity, launch.DeclareLaunchArgument)
    ]
    assert declared
    assert [entity.name for entity in declared if not entity.description] == []


@pytest.mark.parametrize(("name", "roles"), GRAPHS.items(), ids=GRAPHS)
def test_a_launch_file_starts_its_part_of_the_graph_in_order(name: str, roles: frozenset):
    expected = processes_of(load_rig("sim_tabletop"), roles)
    actions = started(expanded(name))
    assert list(actions) == [process.name for process in expected]
    for process in expected:
        action = actions[process.name]
        assert isinstance(action, launch.Node) is not process.plain
        assert (action.output, action.emulate_tty) == ("screen", True)
        assert (action.on_exit is not None) is process.critical


def test_the_environment_is_set_before_anything_starts():
    actions = expanded("collect")
    kinds = [type(action) for action in actions]
    last_set = max(i for i, kind in enumerate(kinds) if kind is launch.SetEnvironmentVariable)
    first_start = min(i for i, kind in enumerate(kinds) if issubclass(kind, launch.ExecuteProcess))
    assert last_set < first_start
    values = {a.name: a.value for a in actions if isinstance(a, launch.SetEnvironmentVariable)}
    assert values["TELEOP_COLLECT_DIE_WITH_PARENT"] == str(os.getpid())


def test_discovery_stays_on_this_machine_unless_the_user_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
):
    def range_set() -> list[str]:
        return [
            action.value
            for action in expanded("collect")
            if isinstance(action, launch.SetEnvironmentVariable)
            and action.name == "ROS_AUTOMATIC_DISCOVERY_RANGE"
        ]

    monkeypatch.delenv("ROS_AUTOMATIC_DISCOVERY_RANGE", raising=False)
    assert range_set() == ["LOCALHOST"]
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    assert range_set() == []


def test_the_emulated_bus_is_started_as_a_program_and_not_as_a_node():
    emulator = started(expanded("collect"))["leader_bus_emulator_main"]
    rig_path = str(load_rig("sim_tabletop").path)
    executable, *options = emulator.cmd
    assert executable == launch.ExecutableInPackage("leader_bus_emulator", "teleop_collect")
    assert options == ["--rig", rig_path, "--arm", "main"]


def test_nodes_get_rig_and_namespace():
    node = started(expanded("collect", namespace="cell_2"))["teleop"]
    assert (node.package, node.executable, node.namespace) == ("teleop_collect", "teleop", "cell_2")
    assert parameters(node) == {"rig": str(load_rig("sim_tabletop").path)}


def test_recorder_arguments_reach_the_recorder_as_text():
    given = {"root": "/data", "operator": "17", "check_override": "kim: camera is being repaired"}
    assert recorder(**given) == {"rig": str(load_rig("sim_tabletop").path), **given}


def test_recorder_arguments_left_empty_are_not_passed():
    assert list(recorder()) == ["rig"]


def test_a_rehearsal_starts_what_up_emulate_starts(monkeypatch, tmp_path: Path):
    monkeypatch.setenv(RUNTIME_VARIABLE, str(tmp_path))
    actions = started(expanded("collect", rig="aloha", emulate="true"))
    expected = processes_of(emulated_rig(load_rig("aloha"), tmp_path), COLLECT_ROLES)
    assert list(actions) == [process.name for process in expected]
    assert "follower_bus_emulator_right" in actions
    assert parameters(actions["follower_arm"])["rig"] == str(tmp_path / "aloha_emulated.yaml")
    assert "follower_bus_emulator_right" not in started(expanded("collect", rig="aloha"))


def test_a_rehearsal_is_asked_for_with_true_or_false():
    with pytest.raises(ConfigError, match="emulate is 'yes'; it must be true or false"):
        expanded("collect", emulate="yes")


def test_an_unknown_rig_ends_in_the_message_of_the_rig_loader():
    with pytest.raises(ConfigError, match=r"no rig named 'nope'.*sim_tabletop"):
        expanded("collect", rig="nope")


def test_a_failed_critical_process_fails_the_launch():
    on_exit = started(expanded("collect"))["recorder"].on_exit
    with pytest.raises(DeviceError, match="recorder ended with exit code 2"):
        on_exit(launch.ProcessExited(2), launch.LaunchContext())


def test_a_critical_process_that_ends_well_stops_the_launch():
    on_exit = started(expanded("collect"))["recorder"].on_exit
    actions = on_exit(launch.ProcessExited(0), launch.LaunchContext())
    assert actions == [launch.Shutdown(reason="recorder ended")]


@pytest.mark.parametrize("code", [0, 2, -2])
def test_an_end_during_shutdown_changes_nothing(code: int):
    on_exit = started(expanded("collect"))["recorder"].on_exit
    assert on_exit(launch.ProcessExited(code), launch.LaunchContext(is_shutdown=True)) is None


@pytest.mark.parametrize("name", GRAPHS)
def test_a_second_rig_on_the_domain_is_refused(name: str):
    with claim_domain(environment_domain()), pytest.raises(BusyError, match="by another rig"):
        expanded(name)


def test_a_launched_rig_keeps_others_off_its_domain_and_namespace():
    expanded("collect", namespace="cell_3")
    with pytest.raises(BusyError, match="by another rig"):
        claim_domain(environment_domain(), "cell_3")
    claim_domain(environment_domain()).close()


def test_replay_hands_its_arguments_to_the_node_with_their_types():
    actions = expanded("replay", episode="/data/episodes/e1")
    (node,) = started(actions).values()
    assert node.executable == "replay"
    assert node.parameters == [
        {
            "episode": launch.ParameterValue(launch.LaunchConfiguration("episode"), str),
            "root": launch.ParameterValue(launch.LaunchConfiguration("root"), str),
            "topics": launch.ParameterValue(launch.LaunchConfiguration("topics"), str),
            "rate": launch.ParameterValue(launch.LaunchConfiguration("rate"), float),
            "loop": launch.ParameterValue(launch.LaunchConfiguration("loop"), bool),
        }
    ]
    declared = {a.name for a in actions if isinstance(a, launch.DeclareLaunchArgument)}
    assert declared == {*node.parameters[0], "namespace"}
