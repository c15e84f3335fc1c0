"""Shipped rigs on emulated buses, for tests of their nodes."""

from pathlib import Path

import yaml

from teleop_collect.rig.load import LoadedRig, load_rig
from teleop_collect.rig.rehearsal import emulated_rig


def rehearsed(folder: Path, rig: str, **sections: object) -> LoadedRig:
    """An emulated copy of a rig without its cameras; `sections` replace those of the file."""
    loaded = emulated_rig(load_rig(rig), folder)
    data = yaml.safe_load(loaded.text) | {"cameras": {}} | sections
    path = folder / "rehearsed.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return load_rig(str(path))
