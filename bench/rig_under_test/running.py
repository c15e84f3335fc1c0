"""The running rig: its devices and its rig check, as `teleop-collect check` starts them."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rig_under_test.rig_file import calibrate_camera, write_rig
from teleop_collect import topics
from teleop_collect.cli.check_answers import parsed_report
from teleop_collect.cli.session import RigSession, SessionOptions, connect_client
from teleop_collect.devices.bus_emulator.client import EmulatorClient
from teleop_collect.nodes.rig_client import RigClient
from teleop_collect.rig.calibration.store import FOLDER_VARIABLE
from teleop_collect.rig.load import LoadedRig
from teleop_collect.rig.processes import CHECK_ROLES, processes_of
from teleop_collect.rig.runtime import control_socket, device_path

TIMEOUT_S = 120.0
LEADER_PORT = "sim://leader_main"


@dataclass
class RunningRig:
    """One graph, and what faults are planted through."""

    folder: Path
    loaded: LoadedRig
    session: RigSession
    client: RigClient
    emulator: EmulatorClient

    def check(self, *, motion: bool = False, quick: bool = False) -> dict[str, Any]:
        """Run the check; returns its report with `seconds`."""
        self.session.check_alive()
        self.client.set_parameters("rig_check", {"motion": motion})
        service = topics.RIG_CHECK_QUICK if quick else topics.RIG_CHECK_RUN
        start_s = time.monotonic()
        report = parsed_report(self.client.trigger(service, TIMEOUT_S))
        return {**report, "seconds": time.monotonic() - start_s}

    def camera(self, **faults: Any) -> None:
        """The scene camera shows these faults and no others."""
        self.client.set_parameters("camera", {"faults": json.dumps({"scene": faults})})

    def follower(self, **faults: Any) -> None:
        """The follower shows these faults and no others."""
        self.client.set_parameters("sim_rig", {"faults": json.dumps({"main": faults})})

    def restart_leader(self, rig: LoadedRig) -> None:
        """Restart the leader's driver with another rig file."""
        supervisor = self.session.supervisor
        child = supervisor.children["leader_arm"]
        child.signal(signal.SIGINT)
        child.handle.wait(timeout=20)
        process = replace(child.process, arguments={"rig": str(rig.path)})
        supervisor.start([process], {})
        self.wait_for_leader()

    def replug_leader(self) -> None:
        """Pull the leader's cable and put it back, so that its driver reads the servos anew."""
        self.emulator.unplug()
        time.sleep(0.5)
        self.emulator.plug()
        self.wait_for_leader()

    def wait_for_leader(self) -> None:
        """Wait until the leader's driver says that it reads."""
        self.client.diagnostics()

        def reads() -> bool:
            return (
                self.client.diagnostics().get("leader_arm: leader main", {}).get("message")
                == "reading"
            )

        self.client.wait_until(reads, TIMEOUT_S, "the leader's driver")

    @property
    def latency_file(self) -> Path:
        """Where the emulated adapter keeps its latency timer."""
        return Path(f"{device_path(LEADER_PORT)}.latency_timer")

    def heal(self, *, arm: bool) -> None:
        """End every fault that is planted live, and put the arm back if it may have moved."""
        self.camera()
        self.follower()
        self.emulator.clear()
        self.latency_file.unlink(missing_ok=True)
        if arm:
            self.client.trigger(topics.SIM_RESET)


@contextmanager
def running_rig(folder: Path) -> Iterator[RunningRig]:
    """Start the rig, calibrate its camera, save its baseline."""
    os.environ[FOLDER_VARIABLE] = str(folder / "calibration")
    loaded = write_rig(folder)
    calibrate_camera(loaded)
    options = SessionOptions(root=folder / "episodes", own_domain=True)
    with (
        RigSession(loaded, options, processes_of(loaded, CHECK_ROLES)) as session,
        connect_client() as client,
    ):
        session.wait_ready(client, topics.RIG_CHECK_RUN)
        emulator = EmulatorClient(control_socket(LEADER_PORT))
        rig = RunningRig(folder, loaded, session, client, emulator)
        try:
            rig.wait_for_leader()
            saved = client.trigger(topics.RIG_CHECK_SAVE_BASELINE, TIMEOUT_S)
            if not saved.success:
                raise SystemExit(f"no baseline: {saved.message}")
            yield rig
        finally:
            emulator.close()
