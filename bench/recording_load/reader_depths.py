"""The reader depths of the recorder for a load, so that others can be given the same."""

import tempfile
from pathlib import Path

from teleop_collect.rig.load import load_rig
from teleop_collect.rig.streams import reader_depth, streams_of

from .rig_file import write_rig


def reader_depths(load: str) -> dict[str, int]:
    """Messages that the recorder's reader of each topic holds."""
    with tempfile.TemporaryDirectory() as folder:
        rig = load_rig(str(write_rig(Path(folder) / "rig.yaml", load))).rig
    return {stream.topic: reader_depth(stream) for stream in streams_of(rig)}
