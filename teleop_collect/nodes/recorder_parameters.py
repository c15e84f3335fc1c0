"""The recorder's ROS parameters, and the start request that they make."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from teleop_collect.nodes.gate import RigGate
from teleop_collect.nodes.host import Host
from teleop_collect.nodes.qos import offered_by
from teleop_collect.nodes.stream_readers import StreamReader
from teleop_collect.recording.recorder import StartRequest
from teleop_collect.rig.config import Rig
from teleop_collect.rig.instructions import instruction_for

PARAMETERS = {
    "root": "folder for episodes; the rig file's when empty (read at start-up)",
    "task": "task of the next episode; the rig file's first when empty",
    "instruction": "what the operator is asked to do; one of the task's wordings when empty",
    "operator": "pseudonym of the operator; the rig file's when empty",
    "scene": "scene; the rig file's when empty",
    "notes": "free text kept with the next episode",
    "label_reason": "why the task worked or not; kept with each label while it is set",
    "check_override": "'NAME: REASON' to record without a valid rig check; kept in the manifest",
}


class RecorderParameters:
    """Reads the parameters when they are needed, so they can be set before each episode."""

    def __init__(self, host: Host, rig: Rig) -> None:
        self._node = host.node
        self._rig = rig
        for name, description in PARAMETERS.items():
            host.parameter(name, "", description)
        host.parameter("practice", False, "go through the next episode without recording anything")
        self.root = Path(self._value("root") or rig.recording.root).expanduser()

    def _value(self, name: str) -> str:
        return str(self._node.get_parameter(name).value)

    @property
    def task_id(self) -> str:
        """Task of the next episode."""
        return self._value("task") or next(iter(self._rig.tasks))

    @property
    def label_reason(self) -> str | None:
        """Why a label says what it says; None where nobody says."""
        return self._value("label_reason") or None

    def request(
        self, gate: RigGate, readers: Sequence[StreamReader], recorded: Callable[[str], int]
    ) -> StartRequest:
        """The request for the next episode; `recorded` counts the episodes of a task."""
        task_id = self.task_id
        task = self._rig.tasks.get(task_id)
        instruction = self._value("instruction")
        if task and not instruction:
            seed, number = self._rig.instruction_seed, recorded(task_id)
            instruction = instruction_for(task, task_id, seed, number)
        report = gate.report
        return StartRequest(
            task_id=task_id,
            instruction=instruction,
            operator=self._value("operator"),
            scene_id=self._value("scene"),
            notes=self._value("notes"),
            rig_check=None if report is None else json.loads(report.to_json()),
            gate_reason=gate.reason(),
            override=self._value("check_override") or None,
            practice=bool(self._node.get_parameter("practice").value),
            offered_qos={r.topic: offered_by(r.endpoints, r.stream.qos.depth) for r in readers},
        )
