"""How far did joints and tool travel? Compare only within one task."""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Measure
from teleop_collect.qa.kinematics import Chain
from teleop_collect.qa.motion import motions

GRID_HZ = 30.0


def run(evidence: Evidence) -> Iterator[Measure]:
    """Sum of all joints' changes on a grid of 30 Hz; the tool's path where it can be computed."""
    for arm in evidence.arms:
        data = evidence.read(arm.follower) if arm.follower else None
        moved = motions((data,), GRID_HZ) if data and data.names else None
        if moved is None:
            continue
        angles = [i for i, n in enumerate(moved[0].names) if arm.unit(n) == "rad"]
        travelled = np.abs(np.diff(moved[0].position[:, angles], axis=0)).sum()
        yield Measure("joints_rad", float(travelled), "rad", arm.follower)
        chain = Chain.to(arm.description, arm.tool_frame) if arm.description else None
        if chain is None or not chain.moved_by(moved[0].names):
            continue
        q = dict(zip(moved[0].names, moved[0].position.T, strict=True))
        tool = chain.base_from_tool(q, len(moved[0]))[:, :3, 3]
        path_m = float(np.linalg.norm(np.diff(tool, axis=0), axis=1).sum())
        yield Measure("tool_m", path_m, "m", arm.follower)


CHECK = Check("path_length", 1, Layer.BEHAVIOUR, "definition", run)
