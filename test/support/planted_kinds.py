"""Every kind of planted defect, with the checks that have to find it: for the suite and its bench.

Sizes and moments are drawn, so that no two defects of a kind are alike.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from support import planted_defects as plant
from support import planted_pixels as pixels
from support.synthetic_streams import NS, Plan, Sample, Stream

FOLLOWER, SENT = "/follower/joint_states", "/teleop/action_sent"
REQUESTED, STATUS = "/teleop/action_requested", "/teleop/status"
WRENCH, TOOL_POSE = "/follower/wrench", "/follower/tool_pose"
COLOR = "/cameras/scene/color/image_raw"
DEPTH = "/cameras/scene/aligned_depth_to_color/image_raw"

Rng = np.random.Generator
Defects = Sequence[plant.Defect]


@dataclass(frozen=True)
class Kind:
    """One kind of defect.

    Attributes:
        name: for the table.
        layer: of the checks that find it.
        checks: one of them must find it, for review or worse.
        draw: defects of this kind, their sizes and moments drawn.
        topics: streams that the defects change.
    """

    name: str
    layer: str
    checks: frozenset[str]
    draw: Callable[[Rng, Plan], Defects]
    topics: tuple[str, ...]


def drifting(topic: str, ppm: float) -> plant.Defect:
    """The sensor's clock runs slow or fast."""

    def defect(plan: Plan) -> None:
        for sample in plan.streams[topic].samples:
            sample.stamp_ns += round((sample.stamp_ns - plan.start_ns) * ppm / 1e6)

    return defect


def late_video(topic: str, by_s: float) -> plant.Defect:
    """What is seen is older than stamp and receive time say."""

    def defect(plan: Plan) -> None:
        samples = plan.streams[topic].samples
        steps = max(1, round(by_s * (plan.streams[topic].expected_hz or 30.0)))
        values = [s.value for s in samples]
        for i, sample in enumerate(samples):
            sample.value = values[max(i - steps, 0)]

    return defect


def delayed_joint(topic: str, joint: str, by_s: float) -> plant.Defect:
    """One joint answers later than the others."""

    def defect(plan: Plan) -> None:
        samples = plan.streams[topic].samples
        column = samples[0].value["name"].index(joint)
        steps = round(by_s * (plan.streams[topic].expected_hz or 200.0))
        values = [s.value["position"][column] for s in samples]
        for i, sample in enumerate(samples):
            sample.value["position"][column] = values[max(i - steps, 0)]

    return defect


def shaking(topic: str, joint: str, size: float, hz: float) -> plant.Defect:
    """A vibration that stays within all velocity limits."""

    def defect(plan: Plan) -> None:
        for sample in plan.streams[topic].samples:
            column = sample.value["name"].index(joint)
            t_s = (sample.stamp_ns - plan.start_ns) / NS
            sample.value["position"][column] += size * np.sin(2 * np.pi * hz * t_s)

    return defect


def loaded_joint(joint: str, effort: float, start_s: float, end_s: float) -> plant.Defect:
    """A joint pushes against something."""

    def defect(plan: Plan) -> None:
        for sample in plan.streams[FOLLOWER].samples:
            if start_s * NS <= sample.stamp_ns - plan.start_ns < end_s * NS:
                efforts = np.array(sample.value["effort"], dtype=np.float64)
                efforts[sample.value["name"].index(joint)] = effort
                sample.value["effort"] = efforts

    return defect


def wrench_edit(change: Callable[[float, np.ndarray], np.ndarray]) -> plant.Defect:
    """The force goes through a function of time, s, and force, N."""

    def defect(plan: Plan) -> None:
        for sample in plan.streams[WRENCH].samples:
            t_s = (sample.stamp_ns - plan.start_ns) / NS
            force = change(t_s, np.array(sample.value["force"], dtype=np.float64))
            sample.value = {**sample.value, "force": force}

    return defect


def offset_tool(by_m: float) -> plant.Defect:
    def defect(plan: Plan) -> None:
        for sample in plan.streams[TOOL_POSE].samples:
            sample.value = {**sample.value, "position": sample.value["position"] + by_m}

    return defect


def bursts(topic: str, share: float) -> plant.Defect:
    """Runs of three samples are missing, in all this share."""

    def defect(plan: Plan) -> None:
        stream = plan.streams[topic]
        every = round(3 / share)
        stream.samples = [s for i, s in enumerate(stream.samples) if i % every < every - 3]

    return defect


def shuffled(topic: str, each: int) -> plant.Defect:
    """Each n-th sample has the stamp of the one after, and the other way round."""

    def defect(plan: Plan) -> None:
        samples: list[Sample] = plan.streams[topic].samples
        for i in range(each, len(samples) - 1, each):
            a, b = samples[i : i + 2]
            a.stamp_ns, b.stamp_ns = b.stamp_ns, a.stamp_ns

    return defect


def _while_moving(rng: Rng, plan: Plan, length_s: float) -> tuple[float, float]:
    """A moment in which the robot moves, by its first joint's path."""
    stream: Stream = plan.streams[FOLLOWER]
    path = np.array([s.value["position"] for s in stream.samples])
    t_s = np.array([s.stamp_ns - plan.start_ns for s in stream.samples]) / NS
    begins = rng.uniform(0.5, max(plan.duration_s - length_s - 0.3, 0.6), 20)

    def moved(begin: float) -> float:
        inside = path[(t_s >= begin) & (t_s <= begin + length_s)]
        return float(np.ptp(inside, axis=0).max()) if len(inside) else 0.0

    best = max(begins, key=moved)
    return float(best), float(best) + length_s


def _frozen(rng: Rng, plan: Plan) -> Defects:
    return [plant.frozen(COLOR, *_while_moving(rng, plan, rng.uniform(0.7, 1.2)))]


def _gap(topic: str) -> Callable[[Rng, Plan], Defects]:
    def draw(rng: Rng, plan: Plan) -> Defects:
        begin, length = rng.uniform(0.4, plan.duration_s - 1.0), rng.uniform(0.25, 0.5)
        return [plant.gap(topic, begin, begin + length)]

    return draw


def _held(rng: Rng, plan: Plan) -> Defects:
    begin = rng.uniform(0.5, plan.duration_s - 1.5)
    return [plant.status_values(begin, begin + rng.uniform(0.7, 1.2), state="HOLD")]


def _limited(rng: Rng, plan: Plan) -> Defects:
    begin = rng.uniform(0.3, 0.4 * plan.duration_s)
    end, by = begin + 0.3 * plan.duration_s, rng.uniform(0.06, 0.15)
    return [plant.joint_edit(SENT, "elbow", begin, end, lambda q: q + by)]


def _touched(rng: Rng, plan: Plan) -> Defects:
    push = np.array([rng.uniform(20, 40), 0.0, 0.0])
    return [wrench_edit(lambda t, f: f + push if 0.20 <= t < 0.26 else f)]


def _saturated(rng: Rng, plan: Plan) -> Defects:
    top = rng.uniform(40, 80)
    wave = rng.uniform(0.5, 1.5)
    return [
        wrench_edit(lambda t, f: np.clip(f + 2 * top * np.sin(2 * np.pi * wave * t), -top, top))
    ]


def _jump(rng: Rng, plan: Plan) -> Defects:
    begin = rng.uniform(0.5, plan.duration_s - 1.0)
    by = rng.uniform(0.25, 0.4)
    return [plant.joint_edit(FOLLOWER, "shoulder_pan", begin, begin + 0.4, lambda q: q + by)]


def _one(defect: Callable[[Rng], plant.Defect]) -> Callable[[Rng, Plan], Defects]:
    return lambda rng, plan: [defect(rng)]


def _kind(
    name: str,
    layer: str,
    checks: str,
    draw: Callable[[Rng, Plan], Defects],
    *topics: str,
) -> Kind:
    return Kind(name, layer, frozenset(checks.split()), draw, topics)


I, T = "integrity", "technical"  # noqa: E741
KINDS: tuple[Kind, ...] = (
    _kind("gap in the joints", I, "gaps", _gap(FOLLOWER), FOLLOWER),
    _kind("gap in the video", I, "gaps", _gap(COLOR), COLOR),
    _kind("scattered losses of wrenches", I, "gaps rates",
          _one(lambda r: bursts(WRENCH, r.uniform(0.03, 0.2))), WRENCH),
    _kind("halved rate", I, "rates", _one(lambda r: plant.keep_each(FOLLOWER, 2)), FOLLOWER),
    _kind("missing stream", I, "required_streams", _one(lambda r: plant.without_stream(WRENCH))),
    _kind("ledger that does not balance", I, "ledger_invariant",
          _one(lambda r: plant.manifest_value(int(r.integers(1, 100)), "streams", FOLLOWER,
                                              "dropped_queue"))),
    _kind("losses in transport", I, "losses",
          _one(lambda r: plant.manifest_value(int(r.integers(60, 400)), "streams", FOLLOWER,
                                              "lost_transport"))),
    _kind("flipped bit", I, "structure file_hash",
          _one(lambda r: plant.flipped_bit(r.uniform(0.1, 0.9)))),
    _kind("values that are no numbers", I, "finite_values",
          lambda r, p: [plant.nan_joint(FOLLOWER, "elbow", *_while_moving(r, p, 0.1))], FOLLOWER),
    _kind("stamps out of order", I, "monotonic_stamps",
          _one(lambda r: shuffled(WRENCH, int(r.integers(20, 200)))), WRENCH),
    _kind("sensor clock set wrong", I, "receive_delay",
          _one(lambda r: plant.later(WRENCH, float(r.choice([-1, 1])) * r.uniform(0.25, 0.6))),
          WRENCH),
    _kind("sensor clock that drifts", I, "clock_drift",
          _one(lambda r: drifting(WRENCH, float(r.choice([-1, 1])) * r.uniform(6e3, 2e4))),
          WRENCH),
    _kind("depth at another moment than colour", I, "skew",
          _one(lambda r: plant.later(DEPTH, float(r.choice([-1, 1])) * r.uniform(0.004, 0.012))),
          DEPTH),
    _kind("ended by a fault", I, "ending",
          _one(lambda r: plant.manifest_value(str(r.choice(["fault", "timeout"])), "termination"))),
    _kind("rig check that did not pass", I, "ending",
          _one(lambda r: plant.manifest_value(str(r.choice(["fail", "none"])), "rig_check",
                                              "result"))),
    _kind("manifest of another episode", I, "manifest_complete",
          _one(lambda r: plant.manifest_value(f"20261120T0900{r.integers(10, 60)}Z-sim-aaaaaa",
                                              "episode_id"))),
    _kind("manifest with a part missing", I, "manifest_complete",
          _one(lambda r: plant.manifest_without(str(r.choice(["task", "streams", "outcome"]))))),
    _kind("video later than its stamps", I, "video_against_joints",
          _one(lambda r: late_video(COLOR, r.uniform(0.25, 0.45))), COLOR),
    _kind("sensor covers half of the time", I, "sensors_against_joints",
          lambda r, p: [plant.gap(COLOR, r.uniform(0.5, 0.8) * p.duration_s, 99.0)], COLOR),
    _kind("sent beyond a limit", T, "joint_limits",
          lambda r, p: [plant.joint_edit(SENT, "elbow", *_while_moving(r, p, 0.2),
                                         lambda _: r.uniform(3.3, 4.0))], SENT),
    _kind("joint jumps", T, "joint_velocity", _jump, FOLLOWER),
    _kind("joint shakes", T, "joint_acceleration",
          _one(lambda r: shaking(FOLLOWER, "wrist_2", r.uniform(0.02, 0.04), r.uniform(7, 9))),
          FOLLOWER),
    _kind("joint overloaded", T, "joint_torque",
          lambda r, p: [loaded_joint("elbow", 1e3, *_while_moving(r, p, 0.3))], FOLLOWER),
    _kind("tool pose off the kinematics", T, "fk_pose",
          _one(lambda r: offset_tool(r.uniform(0.01, 0.05))), TOOL_POSE),
    _kind("joint with a wrong zero", T, "tracking_error leader_offset",
          _one(lambda r: plant.offset_joint(FOLLOWER, "wrist_2", r.uniform(0.05, 0.15))),
          FOLLOWER),
    _kind("joint that answers late", T, "action_state_lag",
          _one(lambda r: delayed_joint(FOLLOWER, "elbow", r.uniform(0.15, 0.3))), FOLLOWER),
    _kind("joint stuck", T, "tracking_error",
          _one(lambda r: plant.joint_edit(FOLLOWER, "elbow", 0.0, 99.0, lambda _: 1.9)), FOLLOWER),
    _kind("held away from the request", T, "limiter_time", _limited, SENT),
    _kind("teleoperation holds", T, "hold_time", _held, STATUS),
    _kind("frozen camera", T, "frozen_images", _frozen, COLOR),
    _kind("every image twice", T, "duplicate_images", _one(lambda r: pixels.repeated(COLOR)),
          COLOR),
    _kind("depth images dropped", T, "dropped_images",
          _one(lambda r: plant.drop_each(DEPTH, int(r.integers(8, 30)))), DEPTH),
    _kind("dark images", T, "image_exposure",
          _one(lambda r: pixels.dimmed(COLOR, r.uniform(0.05, 0.25))), COLOR),
    _kind("burnt out images", T, "image_exposure",
          _one(lambda r: pixels.dimmed(COLOR, r.uniform(4.0, 8.0))), COLOR),
    _kind("light went out since the rig check", T, "exposure_baseline",
          _one(lambda r: pixels.dimmed(COLOR, r.uniform(0.45, 0.6))), COLOR),
    _kind("focus lost since the rig check", T, "image_blur",
          _one(lambda r: pixels.blurred(COLOR, 5)), COLOR),
    _kind("fewer distances than at the rig check", T, "depth_fill",
          _one(lambda r: pixels.holes(DEPTH, r.uniform(0.3, 0.45), int(r.integers(1 << 30)))),
          DEPTH),
    _kind("blurred images", T, "image_blur",
          _one(lambda r: pixels.blurred(COLOR, 2 * int(r.integers(4, 8)) + 1)), COLOR),
    _kind("depth with holes", T, "depth_fill",
          _one(lambda r: pixels.holes(DEPTH, r.uniform(0.6, 0.95), int(r.integers(1 << 30)))),
          DEPTH),
    _kind("noisy depth", T, "depth_noise",
          _one(lambda r: pixels.noisy_depth(DEPTH, r.uniform(0.03, 0.1), int(r.integers(1 << 30)))),
          DEPTH),
    _kind("depth beside colour", T, "depth_alignment",
          _one(lambda r: pixels.shifted(DEPTH, float(r.choice([-1, 1])) * r.uniform(0.05, 0.12))),
          DEPTH),
    _kind("dead force-torque sensor", T, "wrench_alive", _one(lambda r: plant.dead_wrench()),
          WRENCH),
    _kind("biased force-torque sensor", T, "wrench_bias",
          _one(lambda r: wrench_edit(lambda t, f: f + 60.0)),
          WRENCH),
    _kind("saturated force-torque sensor", T, "wrench_saturation", _saturated, WRENCH),
    _kind("tool touched at rest", T, "wrench_contact", _touched, WRENCH),
)  # fmt: skip
