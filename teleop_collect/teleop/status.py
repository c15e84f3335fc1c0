"""What `teleop/status` says of one arm at each tick, as keys and values."""

from collections.abc import Sequence

from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.tick import Tick


def status_values(tick: Tick, limits_off: Sequence[str]) -> dict[str, object]:
    """The values of one arm's status.

    Args:
        tick: what the chain answered.
        limits_off: limiters that do not act on this arm, each with the reason.

    Returns:
        `state`; `limiters`, the bits as a number; `limiter_names`, the same in words;
        `limits_off`; `leader_age_s` and `follower_age_s`, "unknown" before the first sample.
    """
    return {
        "state": tick.state.name,
        "limiters": int(tick.limiters),
        "limiter_names": limiter_names(tick.limiters),
        "limits_off": ", ".join(limits_off),
        "leader_age_s": _age(tick.leader_age_s),
        "follower_age_s": _age(tick.follower_age_s),
    }


def limiter_names(bits: LimiterBits) -> str:
    """Names of the bits that are set, in small letters, separated by commas."""
    return ", ".join(str(bit.name).lower() for bit in LimiterBits if bit & bits)


def _age(age_s: float | None) -> str:
    return "unknown" if age_s is None else f"{age_s:.4f}"
