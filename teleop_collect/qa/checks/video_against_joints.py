"""Does the picture move when the joints do, or earlier or later?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.streams import Int64Array
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity
from teleop_collect.qa.motion import clean
from teleop_collect.samples import FloatArray

MAX_LAG_S = 0.5
MAX_STEPS = 100
"""Of one image period each; a camera of 200 Hz reaches the whole lag."""
LAG_LIMIT_S = 0.15
MIN_EXPLAINED = 0.7
"""Below it the picture does not tell: little motion, or motion out of sight."""
MIN_GAIN = 0.05
"""By which the lag must explain more than no lag at all."""
MIN_IMAGES = 45


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Lag at which the joints' speeds explain the picture's change best, over up to 100 images.

    The change of a picture is taken for a weighted sum of all joints' speeds; the weights are
    fitted for every lag.
    """
    moves = [
        clean(data)
        for arm in evidence.arms
        if arm.follower and (data := evidence.read(arm.follower)) is not None
    ]
    for topic, facts in evidence.images.items():
        stamps = evidence.times(topic).stamp_ns[facts.change_from :][: len(facts.change)]
        is_usable = len(stamps) == len(facts.change) >= MIN_IMAGES and (np.diff(stamps) > 0).all()
        if not facts.is_depth and is_usable and any(len(at_ns) > 1 for at_ns, _ in moves):
            yield from _judge(topic, *_explained(stamps, facts.change, moves))


def _judge(topic: str, lags_s: FloatArray, explained: FloatArray) -> Iterator[Remark | Measure]:
    peak = int(np.argmax(explained))
    best, lag_s = float(explained[peak]), float(lags_s[peak])
    gain = best - float(explained[len(lags_s) // 2])
    yield Measure("explained_share", best, "1", topic)
    if best < MIN_EXPLAINED:
        return
    yield Measure("lag_ms", 1e3 * lag_s, "ms", topic)
    yield Measure("gain_of_lag", gain, "1", topic)
    if abs(lag_s) > LAG_LIMIT_S and gain > MIN_GAIN:
        what = "later" if lag_s > 0 else "earlier"
        yield Remark(
            Severity.REVIEW,
            f"the picture moves {1e3 * abs(lag_s):.0f} ms {what} than the joints do (limit "
            f"{1e3 * LAG_LIMIT_S:.0f} ms); stamps of camera or joints are wrong",
            topic,
            measured=1e3 * abs(lag_s),
            limit=1e3 * LAG_LIMIT_S,
            unit="ms",
        )


def _explained(
    stamps: Int64Array, change: FloatArray, moves: list[tuple[Int64Array, FloatArray]]
) -> tuple[FloatArray, FloatArray]:
    """Lags, s, and the share of the change's variance that the joints explain at each."""
    period_ns = float(np.median(np.diff(stamps)))
    reach = min(max(1, int(MAX_LAG_S * NS_PER_S / max(period_ns, 1.0))), MAX_STEPS)
    change = change[1:]
    total = float(np.square(change - change.mean()).sum())
    shares = np.zeros(2 * reach + 1)
    for k in range(-reach, reach + 1) if total > 0 else ():
        earlier = stamps - round(k * period_ns)
        moved = [
            np.abs(np.diff(np.interp(earlier, at_ns, column)))
            for at_ns, position in moves
            if len(at_ns) > 1
            for column in position.T
        ]
        table = np.stack([*moved, np.ones(len(change))], axis=1)
        weights = np.linalg.lstsq(table, change, rcond=None)[0]
        shares[k + reach] = 1 - float(np.square(change - table @ weights).sum()) / total
    return np.arange(-reach, reach + 1) * period_ns / NS_PER_S, shares


CHECK = Check(
    "video_against_joints",
    1,
    Layer.INTEGRITY,
    "least squares of the picture's change on joint speeds for every lag; own limits",
    run,
    limits=(
        Limit("lag of the picture", 1e3 * LAG_LIMIT_S, "ms"),
        Limit("variance explained, at least", MIN_EXPLAINED, "1", Severity.INFO),
        Limit("more than without a lag, at least", MIN_GAIN, "1", Severity.INFO),
    ),
)
