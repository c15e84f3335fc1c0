"""How well a SpaceMouse's circle arrives at the simulated arm, and what a singular posture does.

    python bench/teleop_circle.py [--turns 5]

Twists at 200 Hz, the package's chain and the simulated arm's physics, tick by tick without ROS; the
tool's pose is computed from the measured joints. Circles of 0.08 m radius at 0.1 m/s:

    path   distance of the tool from the circle; the goal is 2 mm RMS
    point  distance from the point that a tool without lag would have reached: the lag of the
           simulated servos, about 40 ms, is most of it

Then the tool is pushed out at 0.25 m/s until the elbow is straight, and back: no joint may measure
more than a tenth above its speed limit, and teleoperation must stay engaged.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "test"))

import numpy as np
from report import Report
from support.mouse_arm import SPEED_M_S, MouseArm

from teleop_collect.teleop.state import TeleopState

PATH_RMS_MM = 2.0
SPEED_SHARE = 1.1


def rms_mm(values_m: np.ndarray) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(values_m**2)) * 1e3)


def circle(report: Report, turns: float) -> None:
    """Circles at 0.1 m/s."""
    off_m, late_m = MouseArm().engaged().circle(turns)
    report.row(
        "circle, 0.1 m/s",
        turns=turns,
        path_rms_mm=rms_mm(off_m),
        path_max_mm=float(off_m.max() * 1e3),
        point_rms_mm=rms_mm(late_m),
        lag_ms=rms_mm(late_m) / SPEED_M_S,
    )
    report.at_most("path_rms_mm", rms_mm(off_m), PATH_RMS_MM)


def singular(report: Report) -> None:
    """Out to the straight elbow and back."""
    arm = MouseArm().engaged()
    engaged = len(arm.ticks)
    arm.through_singularity()
    limits = np.array([bounds.velocity for bounds in arm.chain.bounds])
    share = float((arm.fastest(engaged) / limits).max())
    states = {tick.state for tick in arm.ticks[engaged:]}
    report.row("through a singular posture", speed_of_limit=share, states=len(states))
    report.at_most("speed_of_limit", share, SPEED_SHARE)
    report.at_least("stays_engaged", float(states == {TeleopState.ENGAGED}), 1.0)


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--turns", type=float, default=5.0)
    options = parser.parse_args()
    report = Report("teleop_circle")
    circle(report, options.turns)
    singular(report)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
