"""A rig on emulated ports, to rehearse with its rig file before the hardware is there.

Buses of Dynamixel leaders and followers, SpaceMice and RealSense cameras become `sim://` devices.
What other nodes drive stays as it is. The rig gets another name and its emulated devices other
serial numbers, so that no episode of a rehearsal can be taken for one of the robot.
"""

from pathlib import Path
from typing import Any

import yaml

from teleop_collect.rig.description import resolve_urdf
from teleop_collect.rig.load import LoadedRig, load_rig
from teleop_collect.rig.runtime import SIM_SCHEME
from teleop_collect.rig.yaml_document import parse_yaml

SUFFIX = "_emulated"
SERIAL = "EMULATED"


def emulated_rig(loaded: LoadedRig, folder: Path) -> LoadedRig:
    """The same rig on emulated ports, as a rig file of its own.

    Args:
        loaded: the rig.
        folder: where its file is written.
    """
    data: dict[str, Any] = parse_yaml(loaded.text.encode()).data
    data["name"] = _name(loaded.rig.name)
    for name, arm in loaded.rig.arms.items():
        section = data["arms"][name]
        if not arm.urdf.startswith("builtin:"):
            section["urdf"] = str(resolve_urdf(arm.urdf, loaded.path))
        section["leader"] = _emulated(name, "leader", section["leader"])
        section["follower"] = _emulated(name, "follower", section["follower"])
    for name, camera in loaded.rig.cameras.items():
        if camera.driver == "realsense":
            # A new mapping: with YAML's anchors several cameras may share one.
            section = {**data["cameras"][name], "serial": f"{SIM_SCHEME}camera_{name}"[:64]}
            data["cameras"][name] = section
    path = folder / f"{data['name']}.yaml"
    header = f"# {loaded.path} on emulated ports; made for a rehearsal.\n"
    path.write_text(header + yaml.safe_dump(data, sort_keys=False, allow_unicode=True))
    return load_rig(str(path))


def _name(name: str) -> str:
    return name if name.endswith(SUFFIX) else f"{name[: 64 - len(SUFFIX)]}{SUFFIX}"


def _emulated(arm: str, side: str, device: dict[str, Any]) -> dict[str, Any]:
    """The device on an emulated port; as it is where another node drives it."""
    port = f"{SIM_SCHEME}{side}_{arm}"[:64]
    driver = device.get("driver", "dynamixel")
    if driver == "dynamixel":
        return {**device, "port": port, "serial": f"{SERIAL}-{side}-{arm}"}
    if driver == "spacemouse":
        return {**device, "path": port, "serial": ""}
    return device
