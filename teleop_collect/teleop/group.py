"""All arms of a rig: engaged together or not at all, stopped together."""

from collections.abc import Mapping

from teleop_collect.teleop.chain import TeleopChain
from teleop_collect.teleop.state import TeleopState
from teleop_collect.teleop.tick import EngageAnswer, Tick

_ARMED = (TeleopState.ALIGNING, TeleopState.ENGAGED, TeleopState.HOLD)


class TeleopGroup:
    """Chains by arm name.

    Args:
        chains: one for each arm.
    """

    def __init__(self, chains: Mapping[str, TeleopChain]) -> None:
        self.chains = dict(chains)

    @property
    def is_armed(self) -> bool:
        """Whether any arm follows its leader or holds until it may again."""
        return any(chain.state in _ARMED for chain in self.chains.values())

    @property
    def fault(self) -> str | None:
        """Why an arm is in fault; None when none is."""
        faults = (chain.fault for chain in self.chains.values())
        return next((fault for fault in faults if fault is not None), None)

    def engage(self, now_ns: int, gate_reason: str | None = None) -> EngageAnswer:
        """Engage every arm, or none.

        Args:
            now_ns: monotonic time, ns.
            gate_reason: why the rig may not be armed at all; None when it may.
        """
        if gate_reason is not None:
            return EngageAnswer(False, gate_reason)
        refusals = [chain.refusal(now_ns) for chain in self.chains.values()]
        reasons = [reason for reason in refusals if reason is not None]
        if reasons:
            return EngageAnswer(False, "; ".join(reasons))
        answers = [chain.engage(now_ns) for chain in self.chains.values()]
        return EngageAnswer(True, "; ".join(answer.message for answer in answers))

    def shut(self, reason: str | None) -> None:
        """Let no arm begin to follow anew, for a reason; None lets them again."""
        for chain in self.chains.values():
            chain.gate_reason = reason

    def episode_begins(self, episode: str) -> None:
        """Every arm that follows its leader aligns again."""
        for chain in self.chains.values():
            chain.episode_begins(episode)

    def disarm(self) -> None:
        """Disarm every arm."""
        for chain in self.chains.values():
            chain.disarm()

    def stop(self, reason: str) -> None:
        """Software stop of every arm, latched until disarmed."""
        for chain in self.chains.values():
            chain.stop(reason)

    def tick(self, now_ns: int, utc_ns: int) -> dict[str, Tick]:
        """Tick every arm; when one is in fault, the others stop from the next tick on."""
        ticks = {name: chain.tick(now_ns, utc_ns) for name, chain in self.chains.items()}
        faulted = [name for name, tick in ticks.items() if tick.state is TeleopState.FAULT]
        if faulted:
            reason = f"stopped with arm {faulted[0]}: {ticks[faulted[0]].reason}"
            self.stop(reason)
        return ticks
