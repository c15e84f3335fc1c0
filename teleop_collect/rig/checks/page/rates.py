"""Times between messages of every stream, and the age of their stamps."""

from collections.abc import Iterator

from teleop_collect.pages.bars import histogram
from teleop_collect.pages.html import Html
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.streams import checked_streams


def rates_section(context: CheckContext) -> Html:
    """All periodic streams."""
    return Html(f'<h2>Rates and ages</h2><div class="plots">{"".join(_plots(context))}</div>')


def _plots(context: CheckContext) -> Iterator[Html]:
    for stream in checked_streams(context.rig):
        timing = context.observation(stream.topic).timing
        if timing is None or stream.expected_hz is None:
            continue
        expected_ms = 1000.0 / stream.expected_hz
        yield histogram(f"{stream.topic}: interval", "ms", timing.intervals_s * 1000, expected_ms)
        if len(timing.age_ns):
            yield histogram(f"{stream.topic}: age", "ms", timing.age_ns / 1e6, None)
