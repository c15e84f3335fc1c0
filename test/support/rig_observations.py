"""Observations of a rig on which everything is well, for tests to spoil."""

import math
from dataclasses import replace

from teleop_collect import topics
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.driver_status import DriverStatus, DriverStatuses
from teleop_collect.rig.checks.observation import Observation, Sample
from teleop_collect.rig.config import Arm, Camera
from teleop_collect.rig.description import descriptions_of
from teleop_collect.rig.load import LoadedRig
from teleop_collect.rig.streams import checked_streams
from teleop_collect.samples import Intrinsics, JointSample, WrenchSample
from teleop_collect.topics import Stream, arm_topic

SECOND_NS = 1_000_000_000
OBSERVED_S = 2
WELL = DriverStatuses(
    {"leader_arm: leader main": DriverStatus("ok", "reading", {"latency_timer_ms": "1.0"})}
)


def good_context(loaded: LoadedRig, root) -> CheckContext:
    """A context on which every check passes."""
    observations = {s.topic: _observation(s) for s in checked_streams(loaded.rig)}
    for topic, sample in _samples(loaded).items():
        observations[topic] = replace(observations[topic], sample=sample)
    observations[topics.DIAGNOSTICS] = Observation(topics.DIAGNOSTICS, sample=WELL)
    descriptions = descriptions_of(loaded.rig, loaded.path)
    return CheckContext(loaded, descriptions, observations, root, shm_free_bytes=8 << 30)


def spoiled(context: CheckContext, topic: str, **changes: object) -> CheckContext:
    """The context with one observation changed."""
    observation = replace(context.observations[topic], **changes)
    return replace(context, observations={**context.observations, topic: observation})


def _observation(stream: Stream) -> Observation:
    seen = Observation(stream.topic, (stream.type,), 1, stream.qos)
    if stream.expected_hz is None:
        return seen
    count = round(stream.expected_hz * OBSERVED_S) + 1
    return replace(
        seen,
        count=count,
        first_ns=0,
        last_ns=OBSERVED_S * SECOND_NS,
        max_gap_ns=round(SECOND_NS / stream.expected_hz),
        stamp_age_s=0.002,
        changes=count - 1,
    )


def _samples(loaded: LoadedRig) -> dict[str, Sample]:
    samples: dict[str, Sample] = {}
    for name, arm in loaded.rig.arms.items():
        samples |= _arm_samples(arm)
        text = descriptions_of(loaded.rig, loaded.path)[name].text
        samples[arm_topic(arm.prefix, topics.ROBOT_DESCRIPTION)] = text
    for name, camera in loaded.rig.cameras.items():
        samples[topics.color_info_topic(name)] = intrinsics(camera)
        if camera.depth:
            samples[topics.depth_info_topic(name)] = intrinsics(camera)
    return samples


def _arm_samples(arm: Arm) -> dict[str, Sample]:
    follower = {joint: arm.home.get(joint, 0.0) for joint in arm.joints}
    leader = {}
    for joint, position in follower.items():
        mapping = arm.mapping.get(joint)
        factor = mapping.sign * mapping.scale if mapping else 1.0
        leader[(mapping and mapping.leader_joint) or joint] = position / factor
    samples: dict[str, Sample] = {
        arm_topic(arm.prefix, topics.LEADER_JOINT_STATES): joints(leader),
        arm_topic(arm.prefix, topics.FOLLOWER_JOINT_STATES): joints(follower),
    }
    if arm.wrench is not None:
        wrench = WrenchSample(0, arm.wrench.frame_id, (0.1, 0.2, 0.3), (0.0, 0.0, 0.0))
        samples[arm_topic(arm.prefix, topics.FOLLOWER_WRENCH)] = wrench
    return samples


def joints(positions: dict[str, float]) -> JointSample:
    """A joint sample of positions by name."""
    return JointSample(0, tuple(positions), tuple(positions.values()))


def intrinsics(camera: Camera) -> Intrinsics:
    """Exact intrinsics of a simulated camera."""
    focal_px = camera.height / (2 * math.tan(camera.fovy_rad / 2))
    center = ((camera.width - 1) / 2, (camera.height - 1) / 2)
    return Intrinsics(camera.width, camera.height, focal_px, focal_px, *center)
