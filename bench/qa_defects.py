"""Which planted defects does QA find, and how often does it cry wolf?

    python bench/qa_defects.py [--seeds 10] [--each 2] [--negatives 50] [--jobs 2]

Episodes are simulated (physics, scripted operator, renderer as shipped; one RGB-D camera of
160x120) and written with one defect each, its size and moment drawn: by default every kind of
`test/support/planted_kinds.py` in 20 episodes. A defect is found when a check that should find it
says review or fail. All episodes carry the baseline of a rig check. Negatives are simulations
without a defect, 50 seeds in two lengths each; lengths of both are drawn from one distribution, so
that length tells nothing. A false positive is a negative with any finding of an integrity or
technical check for review or worse.
"""

import argparse
import sys
import tempfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from mcap.writer import CompressionType
from report import Report

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "test"))
from support.planted_kinds import KINDS, Kind
from support.rig_baseline import baseline_document
from support.simulated_plan import Simulation, cropped, lengths_s
from support.synthetic_episode import write_plan
from support.synthetic_streams import Plan

from teleop_collect.qa.run import check_episode

SHORTEST_S, LONGEST_S = 5.0, 9.0
NEGATIVES_EACH = 2
BASELINE_S = 2.0
"""Of the good simulation, which stands for the picture that the rig check took."""
MIN_RECALL, MAX_FALSE = 0.95, 0.02
JUDGED = ("integrity", "technical")
BAD = ("fail", "review")
NONE = "no defect"


def found_in(plan: Plan) -> set[tuple[str, str]]:
    """Layer and check of all findings for review or worse."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_plan(plan, Path(folder), "episode", compression=CompressionType.NONE)
        report = check_episode(path, write=False)
    return {(str(f.layer), f.check) for f in report.findings if f.severity in BAD}


def with_defect(base: Plan, kind: Kind, duration_s: float, rng: np.random.Generator) -> Plan:
    """An episode with one defect."""
    plan = cropped(base, duration_s, kind.topics)
    for defect in kind.draw(rng, plan):
        defect(plan)
    return plan


def judged_seed(seed: int, each: int) -> list[tuple[str, float, set[tuple[str, str]]]]:
    """Kind, length and findings of every episode made from one simulation."""
    base = Simulation(seed, LONGEST_S).run()
    base.baseline = baseline_document(cropped(base, BASELINE_S))
    answers = []
    for kind in KINDS:
        rng = np.random.default_rng([seed, zlib.crc32(kind.name.encode())])
        lengths = lengths_s(rng, SHORTEST_S, LONGEST_S)
        for duration_s, _ in zip(lengths, range(each), strict=False):
            found = found_in(with_defect(base, kind, duration_s, rng))
            answers.append((kind.name, duration_s, found))
    return answers


def negatives(seed: int) -> list[tuple[str, float, set[tuple[str, str]]]]:
    """Lengths and findings of good episodes of one simulation of its own."""
    base = Simulation(seed, LONGEST_S).run()
    base.baseline = baseline_document(cropped(base, BASELINE_S))
    lengths = lengths_s(np.random.default_rng([seed, 0]), SHORTEST_S, LONGEST_S)
    return [
        (NONE, duration_s, found_in(cropped(base, duration_s)))
        for duration_s, _ in zip(lengths, range(NEGATIVES_EACH), strict=False)
    ]


def all_answers(options: argparse.Namespace) -> Iterator[tuple[str, float, set[tuple[str, str]]]]:
    """Of all seeds, in parallel; negatives come from other seeds than defects."""
    judge = partial(judged_seed, each=options.each)
    first = options.seeds
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        for answers in pool.map(judge, range(options.seeds)):
            yield from answers
        for answers in pool.map(negatives, range(first, first + options.negatives)):
            yield from answers


def main() -> int:
    """Entry point."""
    form = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--seeds", type=int, default=10, help="simulations")
    parser.add_argument("--each", type=int, default=2, help="episodes a kind and simulation")
    parser.add_argument("--negatives", type=int, default=50, help="simulations without a defect")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args()
    answers = defaultdict(list)
    lengths = defaultdict(list)
    for name, duration_s, found in all_answers(options):
        answers[name].append(found)
        lengths[name == NONE].append(duration_s)
    report = Report("qa_defects")
    totals: Counter[str] = Counter()
    for kind in KINDS:
        hits = [any(check in kind.checks for _, check in found) for found in answers[kind.name]]
        totals[f"{kind.layer} found"] += sum(hits)
        totals[kind.layer] += len(hits)
        report.row(
            kind.name, layer=kind.layer, episodes=len(hits), found=sum(hits),
            recall=sum(hits) / len(hits), by=", ".join(sorted(kind.checks)),
        )  # fmt: skip
    wrong = [
        sorted(c for layer, c in found if layer in JUDGED)
        for found in answers[NONE]
        if any(layer in JUDGED for layer, _ in found)
    ]
    cried = Counter(check for checks in wrong for check in checks)
    said = ", ".join(f"{c} {n}" for c, n in cried.most_common()) or "none"
    report.row(NONE, episodes=len(answers[NONE]), found=len(wrong), by=said)
    report.row(
        "lengths, s",
        with_defect_mean=float(np.mean(lengths[False])),
        without_mean=float(np.mean(lengths[True])),
    )
    for layer in JUDGED:
        report.at_least(f"recall_{layer}", totals[f"{layer} found"] / totals[layer], MIN_RECALL)
    least = min(report.figures[kind.name]["recall"] for kind in KINDS)
    report.at_least("recall_of_the_worst_kind", least, MIN_RECALL)
    report.at_most("false_positives", len(wrong) / len(answers[NONE]), MAX_FALSE)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
