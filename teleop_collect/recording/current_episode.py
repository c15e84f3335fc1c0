"""What the recorder remembers of the episode it is recording, beside the open file."""

from teleop_collect.clock import NS_PER_S, Clock, UtcAnchor
from teleop_collect.episodes.predicates.judgement import Judgement, StepLabel
from teleop_collect.provenance.manifest import Outcome, outcome
from teleop_collect.recording.live_judge import LiveJudge
from teleop_collect.recording.open_episode import OpenEpisode
from teleop_collect.recording.stream_watch import StreamWatch

CLOCK_STEP_NS = 5_000_000
CLOCK_CHECK_NS = NS_PER_S
MAX_BACKLOG_NS = NS_PER_S


class CurrentEpisode:
    """Labels, predicates and the clock of one episode.

    Args:
        open_episode: its file and ledgers.
        judge: of the task's predicates.
        notes: free text from the start request.
        clock: watched for steps.
        anchor: UTC on the monotonic clock, as read at the start.
    """

    def __init__(
        self,
        open_episode: OpenEpisode,
        judge: LiveJudge,
        notes: str,
        clock: Clock,
        anchor: UtcAnchor,
    ) -> None:
        self.open = open_episode
        self.judge = judge
        self.judgement: Judgement | None = None
        """What the predicates said in the end; None before, and of a task without any."""
        self.operator_label: bool | None = None
        self.reason: str | None = None
        self.clock_steps = 0
        self.watch = StreamWatch(
            open_episode.streams, open_episode.ledgers, open_episode.manifest.started_ns
        )
        self.fault_told = False
        self._notes = notes
        self._clock = clock
        self._anchor = anchor
        self._step_ns = 0
        self._checked_ns = clock.monotonic_ns()

    def now_ns(self) -> int:
        """UTC on the monotonic clock, ns."""
        return self._anchor.utc_ns(self._clock.monotonic_ns())

    def anchored_ns(self, wall_ns: int) -> int:
        """A recent wall-clock time (UTC ns) without what the clock has stepped since the start.

        A time in the future, or further back than any backlog, was taken on the other side of a
        step; the present stands for it.
        """
        now_ns = self.now_ns()
        anchored_ns = wall_ns - self._anchor.step_ns(self._clock)
        return anchored_ns if now_ns - MAX_BACKLOG_NS <= anchored_ns <= now_ns else now_ns

    def age_s(self) -> float:
        """Seconds since the start."""
        return (self.now_ns() - self.open.manifest.started_ns) / NS_PER_S

    def watch_clock(self) -> float | None:
        """Once a second: by how many ms the wall clock has stepped; None when it has not."""
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._checked_ns < CLOCK_CHECK_NS:
            return None
        self._checked_ns = now_ns
        moved_ns = self._anchor.step_ns(self._clock) - self._step_ns
        if abs(moved_ns) <= CLOCK_STEP_NS:
            return None
        self._step_ns += moved_ns
        self.clock_steps += 1
        return moved_ns / 1e6

    def outcome(self, ended_ns: int) -> Outcome:
        """Whether the task worked, by operator and predicate; a fault is named in the reason."""
        reasons = [self.reason]
        if self.open.error:
            reasons.append(f"fault: {self.open.error}")
        reason = "; ".join(r for r in reasons if r) or None
        self.judgement = judgement = self.judge.finish(ended_ns)
        return outcome(
            self.operator_label,
            None if judgement is None else judgement.success,
            reason,
            self._notes,
            {} if judgement is None else {step.name: step.success for step in judgement.steps},
        )

    def steps_reached(self) -> list[StepLabel]:
        """Steps of the task that were reached since the last call."""
        return self.judge.reached(self.now_ns())
