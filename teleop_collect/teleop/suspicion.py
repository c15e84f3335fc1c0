"""Leaders that are wired or configured wrongly, as they show before anything moves.

A gap at engaging is ordinary. Two patterns are not: a joint whose wish turned round is where the
follower is (a mirrored sign), and two joints whose wishes are each where the other one is (an
exchanged order). Ramping would then move the arm to the wrong posture, so both are refused.
"""

from collections.abc import Sequence

from teleop_collect.teleop.alignment import Alignment


def suspicion(
    joints: Sequence[str],
    wish: Sequence[float],
    measured: Sequence[float],
    offsets: Sequence[float],
    alignment: Alignment,
) -> str | None:
    """The first joint that looks mirrored, or pair that looks exchanged; None without one.

    Args:
        joints: names, in the order of all values.
        wish: mapped leader, rad or m.
        measured: follower, rad or m.
        offsets: of the mapping: a mirrored wish is 2 * offset - wish.
        alignment: tolerances; joints within them are not suspected.
    """
    apart = [
        i
        for i, tolerance in enumerate(alignment.tolerances)
        if abs(wish[i] - measured[i]) > 2.0 * tolerance
    ]
    for i in apart:
        if abs(2.0 * offsets[i] - wish[i] - measured[i]) <= alignment.tolerances[i]:
            return (
                f"joint {joints[i]}: leader asks {wish[i]:.4f} {alignment.units[i]}, follower is "
                f"at {measured[i]:.4f} {alignment.units[i]}, as if its sign were mirrored; "
                "correct the sign in the rig file, or move the leader nearer"
            )
    for i in apart:
        for k in apart:
            if i < k and _crossed(i, k, wish, measured, alignment):
                unit = alignment.units[i]
                return (
                    f"joints {joints[i]} and {joints[k]}: leader asks {wish[i]:.4f} and "
                    f"{wish[k]:.4f} {unit}, follower is at {measured[i]:.4f} and {measured[k]:.4f} "
                    f"{unit}, as if they were exchanged; correct ids or mapping in the rig file, "
                    "or move the leader nearer"
                )
    return None


def _crossed(
    i: int, k: int, wish: Sequence[float], measured: Sequence[float], alignment: Alignment
) -> bool:
    tolerance = alignment.tolerances[i]
    return (
        alignment.units[i] == alignment.units[k]
        and abs(wish[i] - measured[k]) <= tolerance
        and abs(wish[k] - measured[i]) <= tolerance
    )
