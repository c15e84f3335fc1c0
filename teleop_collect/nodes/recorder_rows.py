"""The recorder's rows on /diagnostics: one for the episode, one for each stream."""

from teleop_collect.nodes.diagnostics import Row
from teleop_collect.recording.live_ledger import LiveStream
from teleop_collect.recording.recorder import EpisodeRecorder


def rows_of(core: EpisodeRecorder, problems: list[str]) -> list[Row]:
    """The state of recorder and streams now.

    Args:
        core: the recorder.
        problems: why topics cannot be read, one line each.
    """
    silent, losing = core.troubled
    streams = [_stream_row(s, s.topic in silent, s.topic in losing) for s in core.live_streams()]
    return [_episode_row(core, problems, silent, losing), *streams]


def _episode_row(
    core: EpisodeRecorder, problems: list[str], silent: list[str], losing: list[str]
) -> Row:
    notes = [f"silent: {topic}" for topic in silent] + [f"losing: {topic}" for topic in losing]
    level = "error" if core.fault or problems else "warn" if notes else "ok"
    state = "practice" if core.is_practising else core.state.value
    values: dict[str, object] = {
        "episode_id": core.episode_id or "",
        "queue_bytes": core.queue_bytes,
        "salvaging": core.interrupted.working_on or "",
        "silent": ", ".join(silent),
        "losing": ", ".join(losing),
    }
    message = core.fault or "; ".join([*problems, *notes]) or state
    return ("recorder: episode", level, message, values)


def _stream_row(stream: LiveStream, silent: bool, losing: bool) -> Row:
    """Numbers that do not exist between episodes are left out; unknown ones say so."""
    numbers = {key: value for key, value in vars(stream).items() if value is not None}
    del numbers["topic"]
    words = [word for word, is_so in (("silent", silent), ("losing", losing)) if is_so]
    message = ", ".join(words) or "ok"
    return (f"recorder: {stream.topic}", "warn" if words else "ok", message, numbers)
