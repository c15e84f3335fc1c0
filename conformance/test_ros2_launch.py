"""ROS 2's own tools build, find, launch, stop and play what this package installs.

`conformance/ros2.sh` builds the package with colcon, sources it and runs this file.
"""

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ros2_processes import PACKAGE, Running, tool, wait_for

from teleop_collect.cli.domain import claim_free_domain

WORKSPACE = Path(os.environ["CONFORMANCE_WORKSPACE"])
EXECUTABLES = {
    *("camera", "episode_qa", "follower_arm", "leader_arm", "leader_bus_emulator", "recorder"),
    *("replay", "rig_check", "sim_operator", "sim_rig", "spacemouse", "spacemouse_emulator"),
    *("teleop", "teleop-collect"),
}
OVERRIDE = "check_override:=conformance: the check is not what is tested here"
START, STOP = "/recorder/start_episode", "/recorder/stop_episode"
TROUBLE = re.compile(r"Traceback|Exception|^\[ERROR\] ", re.MULTILINE)
"""Tracebacks, and what launch says of processes that died or had to be killed."""

Start = Callable[..., Running]
needs_bag = pytest.mark.skipif(
    tool("ros2", "bag", "--help").returncode != 0, reason="there is no ros2 bag"
)


@pytest.fixture(autouse=True)
def _domain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A ROS domain and runtime folders for each test, so that none hears another."""
    number, lock = claim_free_domain()
    lock.close()
    monkeypatch.setenv("ROS_DOMAIN_ID", str(number))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path / "log"))
    monkeypatch.setenv("TELEOP_COLLECT_RUNTIME", str(tmp_path / "run"))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts commands; ends what a failed test leaves."""
    started: list[Running] = []

    def begin(*command: str) -> Running:
        started.append(Running(tmp_path / f"{len(started)}.log", *command))
        return started[-1]

    yield begin
    for running in started:
        running.kill()


@pytest.fixture
def launch(start: Start) -> Start:
    """`ros2 launch teleop_collect FILE.launch.py ARGUMENTS`."""
    return lambda name, *arguments: start(
        "ros2", "launch", PACKAGE, f"{name}.launch.py", *arguments
    )


def assert_gone(running: Running, *statuses: int) -> None:
    """It ended with this exit status (0 when none is given) and nothing of it is left."""
    assert running.ended() in (statuses or (0,)), running.output
    wait_for(lambda: not running.left(), 20, f"the end of {running.left()}\n{running.output}")
    assert not TROUBLE.search(running.output), running.output


def begin(rig: Running, root: Path, megabytes: float = 5.0) -> None:
    """Start an episode and wait until so much of it is in the file."""
    started = rig.call(START)
    assert started.success, started.message
    file = root / "inprogress" / started.message / f"{started.message}.mcap.active"
    enough = int(megabytes * 1e6)
    wait_for(lambda: not file.is_file() or file.stat().st_size > enough, 30, "recorded data")
    assert file.is_file(), f"the episode has ended by itself\n{rig.output}"


def record(rig: Running, root: Path, megabytes: float = 10.0) -> Path:
    """One episode by the recorder's services."""
    begin(rig, root, megabytes)
    stopped = rig.call(STOP)
    assert stopped.success, stopped.message
    return Path(stopped.message)


def episodes_of(root: Path) -> list[Path]:
    return sorted((root / "episodes").iterdir())


def assert_whole(episode: Path, *terminations: str) -> None:
    """The installed command line reads and verifies it, and it is complete."""
    verified = tool("teleop-collect", "verify", str(episode))
    assert verified.returncode == 0, verified.stdout
    shown = tool("teleop-collect", "episodes", "show", str(episode), "--json")
    assert shown.returncode == 0, shown.stdout
    manifest = json.loads((episode / "manifest.json").read_text())
    assert manifest["termination"] in terminations
    assert manifest["recovered"] is False
    assert manifest["streams"]["/follower/joint_states"]["written"] > 0


# --- colcon and ros2 run


def test_ros2_finds_every_executable():
    lines = tool("ros2", "pkg", "executables", PACKAGE).stdout.splitlines()
    assert {line.split()[1] for line in lines} == EXECUTABLES


def test_colcon_test_runs_tests(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(WORKSPACE)
    chosen = ("--packages-select", PACKAGE, "--pytest-args", "test/test_process.py")
    source = ("--base-paths", os.environ["CONFORMANCE_SOURCE"])
    tested = tool("colcon", "--log-base", "log", "test", *source, *chosen, timeout_s=120)
    assert tested.returncode == 0, tested.stdout
    result = tool("colcon", "--log-base", "log", "test-result", "--all")
    counts = re.search(r"Summary: (\d+) tests, 0 errors, 0 failures", result.stdout)
    assert counts is not None, result.stdout
    assert int(counts[1]) > 0


def test_ros2_run_starts_and_stops_the_recorder(start: Start, tmp_path: Path):
    parameters = ("-p", "rig:=sim_tabletop", "-p", f"root:={tmp_path}")
    recorder = start("ros2", "run", PACKAGE, "recorder", "--ros-args", *parameters)
    refused = recorder.call(START)
    assert not refused.success  # no rig, so no rig check has passed
    recorder.to_group(signal.SIGINT)
    assert_gone(recorder)


# --- launch files


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where episodes of all tests go."""
    return tmp_path_factory.mktemp("root")


def test_collect_checks_the_rig_and_records(launch: Start, root: Path):
    rig = launch("collect", "rig:=sim_tabletop", f"root:={root}")
    checked = rig.call("/rig_check/run")
    assert checked.success, checked.message
    episode = record(rig, root)
    rig.to_leader(signal.SIGINT)
    assert_gone(rig)
    assert_whole(episode, "stopped")
    assert (episode / "qa.json").is_file()


def interrupt_twice(rig: Running) -> None:
    """As a group's owner without a terminal does; nodes get launch's own SIGINT besides."""
    rig.to_group(signal.SIGINT)
    wait_for(lambda: "user interrupted" in rig.output, 10, "launch to notice")
    rig.to_group(signal.SIGINT)


STOPS: dict[str, tuple[Callable[[Running], None], tuple[int, ...]]] = {
    "one SIGINT to launch": (lambda rig: rig.to_leader(signal.SIGINT), (0,)),
    "two SIGINT to the group": (interrupt_twice, (0, 1)),
    "SIGTERM to launch": (lambda rig: rig.to_leader(signal.SIGTERM), (0, 1, -signal.SIGTERM)),
    "SIGKILL to launch": (lambda rig: rig.to_leader(signal.SIGKILL), (-signal.SIGKILL,)),
}


@pytest.mark.parametrize("how", STOPS)
def test_however_launch_ends_the_running_episode_is_finished(
    launch: Start, tmp_path: Path, how: str
):
    stop, statuses = STOPS[how]
    rig = launch("collect", f"root:={tmp_path}", OVERRIDE)
    begin(rig, tmp_path)
    stop(rig)
    assert_gone(rig, *statuses)
    (episode,) = episodes_of(tmp_path)
    assert_whole(episode, "stopped")
    assert list((tmp_path / "inprogress").iterdir()) == []


def test_teleop_engages(launch: Start):
    rig = launch("teleop", "rig:=sim_tabletop")
    checked = rig.call("/rig_check/run")
    assert checked.success, checked.message
    engaged = rig.call("/teleop/engage", "std_srvs/srv/SetBool", "{data: true}")
    assert engaged.success, engaged.message
    rig.to_leader(signal.SIGINT)
    assert_gone(rig)


def test_check_answers(launch: Start):
    rig = launch("check", "rig:=sim_tabletop")
    checked = rig.call("/rig_check/run")
    assert checked.success, checked.message
    rig.to_leader(signal.SIGINT)
    assert_gone(rig)


def test_a_real_rig_is_rehearsed_on_emulated_devices(launch: Start, tmp_path: Path):
    rig = launch("collect", "rig:=koch_v1_1", "emulate:=true", f"root:={tmp_path}", OVERRIDE)
    episode = record(rig, tmp_path)
    rig.to_leader(signal.SIGINT)
    assert_gone(rig)
    assert_whole(episode, "stopped")


def test_replay_publishes_an_episode_and_ends(launch: Start, root: Path):
    (episode,) = episodes_of(root)
    replay = launch("replay", f"episode:={episode}", "rate:=2.0")
    assert_gone(replay)
    published = re.search(r"published (\d+) messages", replay.output)
    assert published is not None, replay.output
    assert int(published[1]) > 1000


def test_replay_by_id_is_stopped_by_an_interrupt(launch: Start, root: Path):
    (episode,) = episodes_of(root)
    replay = launch("replay", f"episode:={episode.name}", f"root:={root}", "loop:=true")
    wait_for(lambda: "published" in replay.output, 40, "the end of the first time")
    replay.to_group(signal.SIGINT)
    assert_gone(replay)


def test_an_unknown_rig_ends_in_one_message(launch: Start):
    rig = launch("collect", "rig:=sim_tabeltop")
    assert rig.ended() == 1
    assert "sim_tabletop" in rig.output
    assert "Traceback" not in rig.output
    assert not rig.left()


# --- ros2 bag


@needs_bag
def test_ros2_bag_info_counts_what_the_manifest_counts(root: Path):
    (episode,) = episodes_of(root)
    manifest = json.loads((episode / "manifest.json").read_text())
    info = tool("ros2", "bag", "info", str(episode))
    assert info.returncode == 0, info.stdout
    found = re.findall(r"Topic: (\S+) \| Type: (\S+) \| Count: (\d+)", info.stdout)
    counted = {topic: (kind, int(count)) for topic, kind, count in found}
    for topic, stream in manifest["streams"].items():
        if stream["written"]:
            assert counted[topic] == (stream["type"], stream["written"])


@needs_bag
def test_ros2_bag_plays_an_episode(start: Start, root: Path):
    (episode,) = episodes_of(root)
    topic = ("/follower/joint_states", "sensor_msgs/msg/JointState")
    heard = start("ros2", "topic", "echo", "--once", "--no-daemon", *topic)
    played = start("ros2", "bag", "play", str(episode), "--loop")
    assert_gone(heard)
    assert "position:" in heard.output
    played.to_group(signal.SIGINT)
    played.ended()
    assert "Traceback" not in played.output


@needs_bag
def test_a_bag_of_the_rig_by_ros2_bag_record_is_understood(
    start: Start, launch: Start, tmp_path: Path
):
    rig = launch("teleop", "rig:=sim_tabletop")
    assert rig.call("/rig_check/run").success
    bag = tmp_path / "bag"
    recording = start("ros2", "bag", "record", "-s", "mcap", "-a", "-o", str(bag))
    wait_for(lambda: sum(f.stat().st_size for f in bag.glob("*.mcap")) > 20e6, 40, "a bag")
    recording.to_group(signal.SIGINT)
    recording.ended()
    rig.to_leader(signal.SIGINT)
    assert_gone(rig)
    shown = tool("teleop-collect", "episodes", "show", str(bag))
    assert shown.returncode == 0, shown.stdout
    assert "/follower/joint_states" in shown.stdout
    judged = tool("teleop-collect", "qa", str(bag))
    assert judged.returncode in (0, 1), judged.stdout
    assert json.loads((bag / "qa.json").read_text())["findings"]
