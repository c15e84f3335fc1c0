"""Do the predicates' labels agree with what the simulator knows?

    python bench/predicates.py [--episodes 200]

Randomised episodes of the real physics and the scripted operator, half of them spoilt on purpose
(a grasp beside the cube, an early drop, a missed bin), recorded faster than real time by the real
recorder core. The truth comes from contacts: the cube rests on the bin's floor and no finger
touches it. It is compared with the label that the recorder gave while recording, and with the one
that the finished file gets; both must also be the same, evidence included. Reliability: share of
episodes whose label is the truth; an answer of "unknown" counts as wrong.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from report import Report

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "test"))

from support.simulated_recording import Recorded, Studio, studio

from teleop_collect.devices.sim.pick_and_place import FAILURES
from teleop_collect.episodes.predicates.offline import judge_episode
from teleop_collect.episodes.reader import open_episode

GOAL = 0.99
LEAST_SHARE = 0.2
"""Of successes and of failures each."""


@dataclass
class Tally:
    """What became of all episodes."""

    episodes: int = 0
    successes: int = 0
    live_right: int = 0
    file_right: int = 0
    same: int = 0
    steps_right: dict[str, int] = field(default_factory=dict)
    judge_s: float = 0.0
    recorded_s: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def add(self, recorded: Recorded) -> None:
        """Compare one episode's labels with its truth."""
        began = time.perf_counter()
        with open_episode(recorded.folder) as episode:
            found = judge_episode(episode)
            label = episode.labels[-1]
            assert found is not None
            assert episode.manifest is not None
            self.recorded_s += float(episode.manifest["duration_s"])
        self.judge_s += time.perf_counter() - began
        self.episodes += 1
        self.successes += recorded.success
        self.live_right += label.success is recorded.success
        self.file_right += found.success is recorded.success
        steps = {step.name: step.success for step in found.steps}
        self.same += (found.success, steps) == (label.success, dict(label.steps)) and (
            found.evidence == label.evidence
        )
        for name, truth in recorded.steps.items():
            self.steps_right[name] = self.steps_right.get(name, 0) + (steps[name] is truth)
        if found.success is not recorded.success or steps != recorded.steps:
            self.wrong.append(f"{recorded.intended}: {steps}, in truth {recorded.steps}")


def attempt(made: Studio, seed: int) -> Recorded:
    """Every second episode is spoilt, in one of three ways."""
    return made.record(seed, FAILURES[seed // 2 % len(FAILURES)] if seed % 2 else None)


def main() -> int:
    """Entry point."""
    form = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--episodes", type=int, default=200)
    options = parser.parse_args()
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="predicates-") as folder, studio(Path(folder)) as made:
        for seed in range(options.episodes):
            tally.add(attempt(made, seed))
    return tell(tally)


def tell(tally: Tally) -> int:
    """Print and store; returns the exit code."""
    count = tally.episodes
    report = Report("predicates")
    report.row(
        "labels against the simulator's contacts",
        episodes=count,
        successes=tally.successes,
        failures=count - tally.successes,
        live_agreement_percent=100 * tally.live_right / count,
        file_agreement_percent=100 * tally.file_right / count,
        live_equals_file_percent=100 * tally.same / count,
        judging_x_real_time=tally.recorded_s / tally.judge_s,
    )
    for name, right in tally.steps_right.items():
        report.row(f"step {name}", episodes=count, file_agreement_percent=100 * right / count)
    report.at_least("agreement", min(tally.live_right, tally.file_right) / count, GOAL)
    report.at_least("step_agreement", min(tally.steps_right.values()) / count, GOAL)
    report.at_least("live_equals_file", tally.same / count, 1.0)
    rarer = min(tally.successes, count - tally.successes) / count
    report.at_least("share_of_the_rarer_outcome", rarer, LEAST_SHARE)
    for line in tally.wrong:
        print(f"differs: {line}")
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
