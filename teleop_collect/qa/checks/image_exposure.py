"""Are colour images neither dark, nor flat, nor burnt out?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity
from teleop_collect.qa.images import PixelFacts

MIN_MEAN, MAX_MEAN = 50.0, 230.0
MIN_STD, MID_GREY = 20.0, 128.0
"""Spread of a picture at mid-grey; in a dimmer one it is less in proportion, and no less sharp."""
MAX_SATURATED = 0.1
BAD_SHARE = 0.1
"""Share of the sampled images that may be bad: an arm may cover the view for a moment."""


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Mean, spread and saturation over images spread through the episode."""
    for topic, facts in evidence.images.items():
        if facts.is_depth or not facts.pixels:
            continue
        means, stds, saturated = (
            np.array([getattr(p, field) for p in facts.pixels])
            for field in ("mean", "std", "saturated")
        )
        yield Measure("mean", float(np.median(means)), "8 bit", topic)
        yield Measure("std", float(np.median(stds)), "8 bit", topic)
        yield Measure("saturated_share", float(np.median(saturated)), "1", topic)
        flat = stds < MIN_STD * np.minimum(means / MID_GREY, 1.0)
        for what, values, limit, bad in (
            ("dark: mean", means, MIN_MEAN, means < MIN_MEAN),
            ("too bright: mean", means, MAX_MEAN, means > MAX_MEAN),
            ("flat: standard deviation", stds, MIN_STD, flat),
            ("burnt out: saturated share", saturated, MAX_SATURATED, saturated > MAX_SATURATED),
        ):
            if bad.mean() > BAD_SHARE:
                yield _remark(evidence, topic, facts.pixels, what, values, limit, bad)


def _remark(
    evidence: Evidence,
    topic: str,
    pixels: tuple[PixelFacts, ...],
    what: str,
    values: np.typing.NDArray[np.float64],
    limit: float,
    bad: np.typing.NDArray[np.bool_],
) -> Remark:
    typical = float(np.median(values[bad]))
    first = evidence.times(topic).stamp_ns[pixels[int(np.argmax(bad))].position]
    return Remark(
        Severity.REVIEW,
        f"{100 * bad.mean():.0f}% of images are {what} {typical:.3g} (limit {limit:g})",
        topic,
        evidence.t_s(int(first)),
        typical,
        limit,
        "8 bit" if limit > 1 else "1",
    )


CHECK = Check(
    "image_exposure",
    2,
    Layer.TECHNICAL,
    "mean under 50, deviation under 20 (in proportion below mid-grey): common practice, depends on "
    "the scene; own limits",
    run,
    limits=(
        Limit("mean, at least", MIN_MEAN, "8 bit"),
        Limit("mean, at most", MAX_MEAN, "8 bit"),
        Limit("standard deviation, at least", MIN_STD, "8 bit"),
        Limit("white pixels", 100 * MAX_SATURATED, "%"),
        Limit("images that are so", 100 * BAD_SHARE, "%"),
    ),
)
