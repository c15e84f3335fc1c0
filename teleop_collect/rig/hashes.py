"""SHA-256 fingerprints of what an episode depends on: rig file, URDF, calibration."""

import hashlib
import json
from collections.abc import Iterable

from teleop_collect.rig.config import DynamixelFollower, DynamixelLeader, Follower, Leader, Rig


def sha256_bytes(content: bytes) -> str:
    """SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def combined_sha256(hashes: Iterable[str]) -> str:
    """One hash for several files: the hash itself when they are all the same file.

    Otherwise the hash of the sorted distinct hashes, one a line.
    """
    distinct = sorted(set(hashes))
    if len(distinct) == 1:
        return distinct[0]
    return sha256_bytes("\n".join(distinct).encode())


def calibration_sha256(rig: Rig) -> str:
    """Hash of the numbers that calibration sets: servo zeros and signs, mappings and mounts."""
    values = {
        "arms": {
            name: {
                "base": arm.base.model_dump(),
                "mapping": {j: m.model_dump() for j, m in arm.mapping.items()},
                "servos": _servos(arm.leader),
                **({"follower_servos": own} if (own := _servos(arm.follower)) else {}),
            }
            for name, arm in rig.arms.items()
        },
        "cameras": {name: camera.mount.model_dump() for name, camera in rig.cameras.items()},
    }
    return sha256_bytes(json.dumps(values, sort_keys=True).encode())


def _servos(device: Leader | Follower) -> dict[str, object]:
    if not isinstance(device, DynamixelLeader | DynamixelFollower):
        return {}
    return {joint: servo.model_dump() for joint, servo in device.servos.items()}
