"""Opens the file of a new episode, labelled with everything known before its first message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from teleop_collect.clock import Clock
from teleop_collect.errors import ConfigError
from teleop_collect.recording.episode_plan import draft_manifest, new_episode_id
from teleop_collect.recording.file_system import FileSystem
from teleop_collect.recording.image_codecs import Encode
from teleop_collect.recording.messages import message_definition
from teleop_collect.recording.open_episode import OpenEpisode
from teleop_collect.recording.place import Place
from teleop_collect.recording.request import StartRequest, rig_check_json
from teleop_collect.recording.rig_documents import RigDocument, RigSource
from teleop_collect.rig.config import Task
from teleop_collect.topics import Stream


@dataclass(frozen=True)
class EpisodeOpening:
    """What all episodes of a recorder have in common.

    Attributes:
        source: the rig and its file.
        root: dataset root.
        documents: attached to every episode.
        software: `version`, `commit`, `ros_distro`, `rmw`.
        streams: by absolute topic.
        clock: for ages.
        file_system: calls to use.
        encoders: compress the images of streams, by number.
    """

    source: RigSource
    root: Path
    documents: tuple[RigDocument, ...]
    software: Mapping[str, str]
    streams: Mapping[str, Stream]
    clock: Clock
    file_system: FileSystem
    encoders: Mapping[int, Encode]

    def __post_init__(self) -> None:
        for stream in self.streams.values():
            # Looked up now, because the first look-up is slow.
            message_definition(stream.type)

    def open(self, request: StartRequest, task: Task, started_ns: int) -> OpenEpisode:
        """Make an episode's folder and file.

        Args:
            request: what the operator asked for.
            task: the task that it names.
            started_ns: begin of the episode, UTC ns.

        Raises:
            ConfigError: the root cannot be written.
        """
        episode_id = new_episode_id(self.source.rig.name, started_ns)
        draft = draft_manifest(
            episode_id,
            request,
            task,
            self.source,
            self.documents,
            self.software,
            self.streams,
            started_ns,
        )
        try:
            return OpenEpisode(
                Place(self.root, episode_id),
                draft,
                self.streams,
                request.offered_qos,
                self._attachments(request),
                self.source.rig.recording,
                self.clock,
                self.file_system,
                self.encoders,
            )
        except OSError as error:
            raise ConfigError(
                f"cannot write to the dataset root {self.root}: {error.strerror or error};"
                " check its permissions and its disk"
            ) from None

    def _attachments(self, request: StartRequest) -> Sequence[RigDocument]:
        if request.rig_check is None:
            return self.documents
        report = rig_check_json(request.rig_check)
        return (*self.documents, RigDocument("rig_check.json", "application/json", report))
