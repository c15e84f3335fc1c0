"""Draws an episode and shows it, or writes it to a file."""

from dataclasses import dataclass
from pathlib import Path

from teleop_collect.episodes.reader import Episode
from teleop_collect.errors import ConfigError
from teleop_collect.view.canvas import Canvas
from teleop_collect.view.layout import blueprint
from teleop_collect.view.pictures import draw_images
from teleop_collect.view.robot import draw_robots
from teleop_collect.view.signals import draw_events, draw_joints, draw_objects, draw_wrenches

MAX_IMAGE_HZ = 1000.0


@dataclass(frozen=True)
class ViewOptions:
    """How to view.

    Attributes:
        save: write this `.rrd` file instead of opening the viewer.
        image_hz: at most so many images a second of each stream.
    """

    save: Path | None = None
    image_hz: float = 10.0


def view_episode(episode: Episode, options: ViewOptions) -> list[str]:
    """Open an episode in Rerun's viewer, or save it.

    Returns:
        What could not be drawn, and why.

    Raises:
        ConfigError: the rate is not usable.
        MissingExtraError: rerun-sdk is not installed.
        OSError: the file cannot be written.
    """
    if not 0 < options.image_hz <= MAX_IMAGE_HZ:
        raise ConfigError(f"image_hz is {options.image_hz:g}; it must be over 0, at most 1000")
    canvas = Canvas(episode.episode_id, _started_ns(episode))
    layout = blueprint(episode)
    if options.save is None:
        canvas.recording.spawn(default_blueprint=layout)
    else:
        with options.save.open("ab"):  # the SDK would report a bad path only on its log
            pass
        canvas.recording.save(options.save, default_blueprint=layout)
    draw_joints(episode, canvas)
    draw_wrenches(episode, canvas)
    draw_objects(episode, canvas)
    draw_events(episode, canvas)
    problems = draw_robots(episode, canvas)
    draw_images(episode, canvas, options.image_hz)
    canvas.recording.flush()
    canvas.recording.disconnect()
    return problems


def _started_ns(episode: Episode) -> int:
    started = (episode.manifest or {}).get("started_ns")
    if isinstance(started, int) and started > 0:
        return started
    logs = [episode.times(topic).log_ns for topic in episode.streams]
    return min((int(log.min()) for log in logs if len(log)), default=0)
