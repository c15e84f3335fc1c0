"""Everything that checks may look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from teleop_collect.rig.checks.observation import Observation
from teleop_collect.rig.config import Arm, Rig
from teleop_collect.rig.description import RobotDescription, descriptions_of
from teleop_collect.rig.load import LoadedRig
from teleop_collect.rig.processes import shm_free_bytes
from teleop_collect.samples import JointSample
from teleop_collect.topics import arm_topic


@dataclass(frozen=True)
class CheckContext:
    """One rig as loaded and as observed.

    Attributes:
        loaded: the rig and its file.
        descriptions: robot description by arm.
        observations: what was seen, by topic as named in the stream table.
        recording_root: folder that episodes will be written to.
        shm_free_bytes: free shared memory.
    """

    loaded: LoadedRig
    descriptions: Mapping[str, RobotDescription]
    observations: Mapping[str, Observation]
    recording_root: Path
    shm_free_bytes: int

    @classmethod
    def of(
        cls,
        loaded: LoadedRig,
        observations: Mapping[str, Observation],
        recording_root: Path | None = None,
    ) -> "CheckContext":
        """The context of this machine.

        Args:
            loaded: the rig.
            observations: by topic as named in the stream table.
            recording_root: the rig file's when None.
        """
        root = Path(loaded.rig.recording.root) if recording_root is None else recording_root
        descriptions = descriptions_of(loaded.rig, loaded.path)
        free = shm_free_bytes()
        return cls(loaded, descriptions, observations, root.expanduser(), free)

    @property
    def rig(self) -> Rig:
        """The typed rig."""
        return self.loaded.rig

    def observation(self, topic: str) -> Observation:
        """What was seen of a topic; an empty observation when it was not observed."""
        return self.observations.get(topic, Observation(topic))

    def joints(self, arm: Arm, name: str) -> JointSample | None:
        """Last sample of an arm's joint topic (`topics.LEADER_JOINT_STATES`, ...).

        None without one, and when it does not have one position for each name.
        """
        sample = self.observation(arm_topic(arm.prefix, name)).sample
        if isinstance(sample, JointSample) and len(sample.names) == len(sample.position):
            return sample
        return None
