"""How images are compressed on their way into an episode, by the rig file."""

from typing import Annotated, Literal

from pydantic import Field

from teleop_collect.rig.section import Section


class Codec(Section):
    """What becomes of the images of one kind or topic."""

    format: Literal["as_received", "jpeg", "png", "rvl"]
    """`jpeg` for colour; `png` or `rvl` for depth, both without loss, at about 13 ms of a core for
    640 x 480 pixels. RVL is smaller on noisy depth, and the chunk's zstd takes off more."""
    quality: Annotated[int, Field(ge=1, le=100)] = 90
    """Of JPEG."""
