"""Everything that checks may look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from teleop_collect.rig.calibration.store import Calibrations
from teleop_collect.rig.checks.baseline import Baseline, CameraBaseline
from teleop_collect.rig.checks.machine import Machine
from teleop_collect.rig.checks.motion import MotionRecord, PosePair
from teleop_collect.rig.checks.observation import Observation
from teleop_collect.rig.config import Arm, Rig
from teleop_collect.rig.description import RobotDescription, descriptions_of
from teleop_collect.rig.load import LoadedRig
from teleop_collect.samples import JointSample
from teleop_collect.topics import Qos, arm_topic


@dataclass(frozen=True)
class CheckContext:
    """One rig as loaded and as observed.

    Attributes:
        loaded: the rig and its file.
        descriptions: robot description by arm.
        observations: what was seen, by topic as named in the stream table.
        recording_root: folder that episodes will be written to.
        machine: this machine.
        motions: test motion by arm; empty when none was asked for.
        poses: leader and follower in postures that should agree, by arm.
        calibrations: the rig's calibration files; None when they were not read.
        baseline: what this rig looked like when it was known to be good; None without one.
        now_ns: UTC now, ns.
        command_readers: QoS that each subscriber of a command topic asks for, by topic.
    """

    loaded: LoadedRig
    descriptions: Mapping[str, RobotDescription]
    observations: Mapping[str, Observation]
    recording_root: Path
    machine: Machine
    motions: Mapping[str, MotionRecord] = field(default_factory=dict)
    poses: Mapping[str, tuple[PosePair, ...]] = field(default_factory=dict)
    calibrations: Calibrations | None = None
    baseline: Baseline | None = None
    now_ns: int = 0
    command_readers: Mapping[str, tuple[Qos, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        loaded: LoadedRig,
        observations: Mapping[str, Observation],
        recording_root: Path,
        machine: Machine,
    ) -> "CheckContext":
        """The context of a rig, whose robot descriptions are read anew.

        Args:
            loaded: the rig.
            observations: by topic as named in the stream table.
            recording_root: folder that episodes will be written to.
            machine: this machine.

        Raises:
            ConfigError: a robot description cannot be read.
        """
        descriptions = descriptions_of(loaded.rig, loaded.path)
        return cls(loaded, descriptions, observations, recording_root.expanduser(), machine)

    @property
    def rig(self) -> Rig:
        """The typed rig."""
        return self.loaded.rig

    def observation(self, topic: str) -> Observation:
        """What was seen of a topic; an empty observation when it was not observed."""
        return self.observations.get(topic, Observation(topic))

    def camera_baseline(self, name: str) -> CameraBaseline | None:
        """The baseline of a camera; None without one of the same serial number and size."""
        found = None if self.baseline is None else self.baseline.cameras.get(name)
        camera = self.rig.cameras[name]
        mine = (camera.serial, camera.width, camera.height)
        return found if found and (found.serial, found.width, found.height) == mine else None

    def joints(self, arm: Arm, name: str) -> JointSample | None:
        """Last sample of an arm's joint topic (`topics.LEADER_JOINT_STATES`, ...).

        None without one, and when it does not have one position for each name.
        """
        sample = self.observation(arm_topic(arm.prefix, name)).sample
        if isinstance(sample, JointSample) and len(sample.names) == len(sample.position):
            return sample
        return None
