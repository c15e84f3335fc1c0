"""The verbs that run a rig, as processes of their own."""

import os
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from support.graph import wait_for

from teleop_collect.cli.domain import claim_free_domain
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.processes import processes_of

pytestmark = pytest.mark.timeout(180)
started: list[subprocess.Popen] = []


def command(*arguments: str, domain: int, **environment: str) -> subprocess.Popen:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell's background job ignores SIGINT, and so would all that it starts.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    env = {**os.environ, "ROS_DOMAIN_ID": str(domain), **environment}
    started.append(
        subprocess.Popen(
            [sys.executable, "-m", "teleop_collect.cli.main", *arguments],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    )
    return started[-1]


@pytest.fixture(autouse=True)
def nothing_left():
    """A failed test leaves no rig that would slow the others down."""
    yield
    while started:
        process = started.pop()
        below = children(process.pid) if is_running(process.pid) else []
        process.terminate()
        process.communicate(timeout=60)
        for pid in below:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def children(pid: int) -> list[int]:
    return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def count_of(rig: str) -> int:
    return len(processes_of(load_rig(rig)))


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def domain():
    number, lock = claim_free_domain()
    lock.close()
    return number


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_up_leaves_nothing_running(tmp_path, domain, number):
    runtime = str(tmp_path / "run")
    up = command(
        "up", "--rig", "sim_tabletop", "--root", str(tmp_path), domain=domain,
        TELEOP_COLLECT_RUNTIME=runtime,
    )  # fmt: skip
    wait_for(lambda: len(children(up.pid)) == count_of("sim_tabletop"), 30, "all processes")
    pids = children(up.pid)

    up.send_signal(number)

    if number != signal.SIGKILL:
        up.wait(timeout=30)
        assert not any(is_running(pid) for pid in pids)
    # Killed and not waited for, as below a parent that does not care.
    wait_for(lambda: not any(is_running(pid) for pid in pids), 30, "the processes to end")


def test_a_used_domain_ends_in_one_message(tmp_path):
    domain, lock = claim_free_domain()
    with lock:
        up = command("up", "--rig", "sim_tabletop", "--root", str(tmp_path), domain=domain)
        output, _ = up.communicate(timeout=60)

    assert up.returncode == 2
    assert output.count("\n") == 1
    assert f"ROS domain {domain} is in use by another rig" in output


def test_an_unwritable_root_ends_in_one_message(domain):
    up = command("up", "--rig", "sim_tabletop", "--root", "/proc/nowhere", domain=domain)

    output, _ = up.communicate(timeout=60)

    assert up.returncode == 2
    assert output.count("\n") == 1
    assert "cannot write recordings to /proc/nowhere" in output
    assert "--root" in output


@pytest.mark.parametrize("verb", ["up", "demo"])
def test_a_full_root_ends_in_one_message(verb: str, tmp_path, domain):
    done = subprocess.run(
        [sys.executable, "-m", "teleop_collect.cli.main", verb, "--rig", "sim_tabletop",
         "--root", str(tmp_path)],
        env={**os.environ, "ROS_DOMAIN_ID": str(domain)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"cannot write recordings to {tmp_path}: File too large" in done.stderr
    assert not list(tmp_path.iterdir())


def test_an_unknown_rig_ends_in_one_message(tmp_path, domain):
    up = command("up", "--rig", "sim_tabeltop", "--root", str(tmp_path), domain=domain)

    output, _ = up.communicate(timeout=60)

    assert up.returncode == 2
    assert output.count("\n") == 1
    assert "sim_tabletop" in output


def small_rig(folder: Path) -> Path:
    """The simulated rig without cameras, whose check moves no arm: it soon records."""
    data = yaml.safe_load(load_rig("sim_tabletop").text)
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(data | {"cameras": {}, "check": {"motion_rad": 0}}))
    return path


def test_an_interrupted_demo_leaves_nothing_running_and_nothing_torn(tmp_path, domain):
    rig = str(small_rig(tmp_path))
    demo = command("demo", "--rig", rig, "--root", str(tmp_path), domain=domain)
    wait_for(lambda: list(tmp_path.glob("inprogress/*/*.mcap.active")), 90, "an open episode")
    pids = children(demo.pid)

    demo.send_signal(signal.SIGINT)
    wait_for(lambda: not all(is_running(pid) for pid in pids), 30, "the first process to end")
    for impatient in (signal.SIGINT, signal.SIGTERM):
        demo.send_signal(impatient)

    output, _ = demo.communicate(timeout=60)
    assert demo.returncode == 130, output
    assert "Traceback" not in output
    assert not any(is_running(pid) for pid in pids)
    assert not list(tmp_path.glob("inprogress/*"))
    (folder,) = (tmp_path / "episodes").iterdir()
    check = command("verify", str(folder), domain=domain)
    output, _ = check.communicate(timeout=60)
    assert check.returncode == 0, output


def test_a_demo_that_is_terminated_while_it_starts_leaves_nothing_running(tmp_path, domain):
    demo = command("demo", "--root", str(tmp_path), domain=domain)
    wait_for(lambda: len(children(demo.pid)) == count_of("sim_tabletop"), 30, "all processes")
    pids = children(demo.pid)

    demo.terminate()

    output, _ = demo.communicate(timeout=60)
    assert demo.returncode == 130, output
    assert "Traceback" not in output
    assert not any(is_running(pid) for pid in pids)


def test_a_rehearsal_of_a_real_rig_runs_without_hardware(tmp_path, domain):
    up = command(
        "up", "--rig", "koch_v1_1", "--emulate", "--root", str(tmp_path), domain=domain,
        TELEOP_COLLECT_RUNTIME=str(tmp_path / "run"),
    )  # fmt: skip
    rig = tmp_path / "run" / "koch_v1_1_emulated.yaml"
    wait_for(rig.exists, 30, "the rehearsed rig file")
    wait_for(lambda: len(children(up.pid)) == count_of(str(rig)), 30, "all processes")
    wait_for(lambda: (tmp_path / "run" / "follower_main").exists(), 30, "the emulated bus")

    up.send_signal(signal.SIGINT)
    output, _ = up.communicate(timeout=30)

    assert up.returncode == 0
    assert "rig koch_v1_1_emulated on ROS domain" in output
    asked = f"record --rig {rig} --task {next(iter(load_rig(str(rig)).rig.tasks))}"
    assert f"{sys.executable} -m teleop_collect.cli.main {asked}\n" in output
    assert list((tmp_path / "logs").glob("*/follower_arm.log"))
