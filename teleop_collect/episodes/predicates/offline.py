"""Judges an episode from its file."""

from teleop_collect.episodes.predicates.conditions import conditions_of
from teleop_collect.episodes.predicates.judge import Judge
from teleop_collect.episodes.predicates.judgement import Judgement
from teleop_collect.episodes.predicates.tasks_file import TasksFile
from teleop_collect.episodes.reader import Episode
from teleop_collect.episodes.recorded_rig import recorded_descriptions, recorded_rig
from teleop_collect.errors import UnreadableError
from teleop_collect.rig.predicates.names import names_of


def judge_episode(episode: Episode, tasks: TasksFile | None = None) -> Judgement | None:
    """What the predicates of an episode's task say of it.

    Args:
        episode: opened.
        tasks: conditions to judge by instead of those that were recorded with it.

    Returns:
        None when the task has no predicate.

    Raises:
        ConfigError: a condition is wrong, or names what the recorded rig does not have.
        UnreadableError: the episode carries no usable rig file, or its task is not known.
    """
    rig = recorded_rig(episode)
    if rig is None:
        raise UnreadableError(
            f"{episode.episode_id} carries no rig file of this version; nothing tells its topics"
        )
    if tasks is not None:
        rig = rig.model_copy(update=tasks.sections)
    task_id = str(episode.manifest_part("task").get("task_id"))
    if task_id not in rig.tasks:
        known = ", ".join(sorted(rig.tasks))
        raise UnreadableError(f"{episode.episode_id} is of task '{task_id}'; known: {known}")
    names = names_of(rig, recorded_descriptions(episode))
    conditions = conditions_of(rig.tasks[task_id], rig, names)
    if conditions is None:
        return None
    started_ns, ended_ns = _span(episode)
    judge = Judge(conditions, rig, names, episode.streams, started_ns)
    for topic, raw in episode.messages(sorted(judge.topics)):
        if raw.log_ns >= started_ns:
            judge.advance(raw.log_ns - 1)
            judge.take(topic, bytes(raw.data), raw.log_ns)
    return judge.finish(ended_ns)


def _span(episode: Episode) -> tuple[int, int]:
    """Start and end as the manifest says, else of all messages; UTC ns."""
    manifest = episode.manifest or {}
    started, ended = manifest.get("started_ns"), manifest.get("ended_ns")
    if isinstance(started, int) and isinstance(ended, int) and 0 < started <= ended:
        return started, ended
    times = [episode.times(topic).log_ns for topic in episode.streams]
    received = [t for t in times if len(t)]
    if not received:
        raise UnreadableError(f"{episode.episode_id} holds no messages")
    return min(int(t.min()) for t in received), max(int(t.max()) for t in received)
