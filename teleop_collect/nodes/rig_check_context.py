"""Gathers everything that the checks judge: observations, motions, poses, files, this machine."""

from dataclasses import replace
from pathlib import Path

from teleop_collect.clock import NS_PER_S, PacedLoop, SystemClock, UtcAnchor
from teleop_collect.errors import UnreadableError
from teleop_collect.nodes.host import Host
from teleop_collect.nodes.qos import offered_by
from teleop_collect.nodes.rig_check_motion import ArmMotion
from teleop_collect.nodes.rig_check_observing import Observing
from teleop_collect.nodes.rig_check_poses import HeldPoses
from teleop_collect.recording.clock_sync import clock_sync
from teleop_collect.rig.calibration.store import calibration_folder, load_calibrations
from teleop_collect.rig.checks.baseline import Baseline, load_baseline
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.machine import Machine
from teleop_collect.rig.checks.motion import MotionRecord
from teleop_collect.rig.load import LoadedRig
from teleop_collect.rig.streams import command_topics
from teleop_collect.topics import Qos

LOOP_S = 0.5
"""How long the control loop is tried."""


class ContextMaker:
    """Makes the context of each check.

    Args:
        host: the process's ROS side.
        loaded: the rig.
        root: where episodes go.

    Attributes:
        held: postures that a person holds for the next whole check.
    """

    def __init__(self, host: Host, loaded: LoadedRig, root: Path) -> None:
        self._host, self._loaded, self._root = host, loaded, root
        self._clock = SystemClock()
        self.held = HeldPoses(host, loaded.rig, self._clock)

    def context(self, *, seconds: float | None = None, motion: bool = False) -> CheckContext:
        """Look at the rig.

        Args:
            seconds: how long to observe; None for the whole check with all it needs.
            motion: whether the arms may move.
        """
        check = self._loaded.rig.check
        before = UtcAnchor.now(self._clock)
        observations = Observing(self._host, self._loaded.rig).observe(seconds or check.observe_s)
        loop_hz = self._loop_hz() if seconds is None else None
        machine = self._machine(loop_hz, before.step_ns(self._clock) / NS_PER_S)
        context = CheckContext.of(self._loaded, observations, self._root, machine)
        motions: dict[str, MotionRecord] = {}
        if motion and check.motion_rad > 0:
            motions = self._motions(context)
        held = self.held.use_up() if seconds is None else {}
        moved = {name: record.poses for name, record in motions.items() if record.poses}
        return replace(
            context,
            motions=motions,
            poses={**held, **moved},
            calibrations=load_calibrations(self._loaded),
            baseline=self._baseline(),
            now_ns=self._clock.utc_ns(),
            command_readers=self._command_readers(),
        )

    def _command_readers(self) -> dict[str, tuple[Qos, ...]]:
        """What subscribers of commands ask for, the recorder and our own nodes among them."""
        node, arms = self._host.node, self._loaded.rig.arms.values()
        commands = {topic for arm in arms for topic, _ in command_topics(arm)}
        names = {topic: node.resolve_topic_name(topic) for topic in commands}
        return {
            topic: tuple(offered_by(node.get_subscriptions_info_by_topic(name), 1))
            for topic, name in names.items()
        }

    def _motions(self, context: CheckContext) -> dict[str, MotionRecord]:
        """One arm after the other, so that they cannot meet."""
        rig = self._loaded.rig
        return {
            name: ArmMotion(self._host, rig, name, context.descriptions[name]).run()
            for name in rig.arms
        }

    def _machine(self, loop_hz: float | None, clock_step_s: float) -> Machine:
        sync = clock_sync()
        error_us = sync.estimated_error_us
        error_s = None if error_us is None else error_us / 1e6
        return Machine.here(sync.state, error_s, loop_hz, clock_step_s)

    def _loop_hz(self) -> float:
        """Rate that a paced loop reaches, late ticks left out as teleoperation leaves them out."""
        loop = PacedLoop(self._loaded.rig.teleop.rate_hz, self._clock)
        start_ns = self._clock.monotonic_ns()
        ticks, now_ns = 0, start_ns
        while now_ns - start_ns < LOOP_S * NS_PER_S:
            now_ns = loop.wait()
            ticks += 1
        return ticks * NS_PER_S / (now_ns - start_ns)

    def _baseline(self) -> Baseline | None:
        try:
            return load_baseline(calibration_folder(self._loaded), self._loaded.rig.name)
        except UnreadableError as error:
            self._host.node.get_logger().error(str(error))
            return None
