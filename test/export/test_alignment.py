"""Recorded episodes on a time grid, against the samples that the recording was made from."""

from dataclasses import replace

import numpy as np
import pytest
from support.synthetic_episode import START_NS, build_plan, write_episode
from support.synthetic_streams import JOINTS, Sample, Stream

from teleop_collect.episodes.reader import open_episode
from teleop_collect.errors import CheckFailed, ConfigError, UnreadableError
from teleop_collect.export.alignment import arms_of, cameras_of, nominal_fps, steps_of

ID = "20261120T090000Z-sim_tabletop-a1b2c3"
FOLLOWER, ACTION = "/follower/joint_states", "/teleop/action_sent"
SCENE = "/cameras/scene/color/image_raw"
DURATION_S = 0.8


@pytest.fixture
def recorded(tmp_path):
    """Writes an episode with defects; gives the open episode and the plan that it was made from."""
    opened = []

    def record(*defects, cameras=("scene",)):
        write_episode(
            tmp_path, episode_id=ID, duration_s=DURATION_S, cameras=cameras, defects=defects
        )
        plan = build_plan(ID, START_NS, DURATION_S, 0, True, cameras, (64, 48))
        for defect in defects:
            defect(plan)
        opened.append(open_episode(tmp_path / "episodes" / ID))
        return opened[-1], plan

    yield record
    for episode in opened:
        episode.close()


def aligned(episode, fps=30, policy="nearest", max_skew_ms=100.0):
    return steps_of(episode, fps, policy, max_skew_ms, "0" * 64)


def nearest(plan, topic, t_ns):
    samples = plan.streams[topic].samples
    stamps = np.array([s.stamp_ns for s in samples], dtype=np.int64)
    return [samples[int(np.abs(stamps - t).argmin())] for t in t_ns]


def test_vectors_are_the_nearest_samples_keyed_by_joint(recorded):
    episode, plan = recorded()
    steps = aligned(episode)
    assert steps.observation["state"].names == tuple(f"{joint}.pos" for joint in JOINTS)
    assert len(steps.t_ns) >= 22
    for vector, topic in ((steps.observation["state"], FOLLOWER), (steps.action, ACTION)):
        expected = [s.value["position"] for s in nearest(plan, topic, steps.t_ns)]
        np.testing.assert_array_equal(vector.values, expected)
    wrench = [
        np.concatenate([s.value["force"], s.value["torque"]])
        for s in nearest(plan, "/follower/wrench", steps.t_ns)
    ]
    np.testing.assert_array_equal(steps.observation["wrench"].values, wrench)


def test_images_are_the_nearest_ones_and_skew_is_measured(recorded):
    episode, plan = recorded(cameras=("scene", "wrist"))
    steps = aligned(episode)
    assert list(steps.cameras) == ["scene", "wrist"]
    for name, camera in steps.cameras.items():
        topic = f"/cameras/{name}/color/image_raw"
        samples = nearest(plan, topic, steps.t_ns)
        for image, sample in zip(camera.images(), samples, strict=True):
            np.testing.assert_array_equal(image, sample.value["pixels"])
        skew_ns = np.array([s.stamp_ns for s in samples]) - steps.t_ns
        np.testing.assert_array_equal(steps.skew_ns[topic], skew_ns)
        assert (camera.width, camera.height) == (64, 48)


def test_the_latest_policy_never_looks_ahead(recorded):
    episode, _ = recorded()
    steps = aligned(episode, policy="latest")
    assert all((skew <= 0).all() for skew in steps.skew_ns.values())


def test_images_can_be_read_twice(recorded):
    episode, _ = recorded()
    camera = aligned(episode).cameras["scene"]
    first, second = list(camera.images()), list(camera.images())
    np.testing.assert_array_equal(first, second)


def test_an_image_that_was_written_late_still_stands_at_its_time(recorded):
    def late(plan):
        samples = plan.streams[SCENE].samples
        samples[10] = replace(samples[10], log_ns=samples[12].log_ns + 1000)

    episode, plan = recorded(late)
    steps = aligned(episode)
    samples = nearest(plan, SCENE, steps.t_ns)
    for image, sample in zip(steps.cameras["scene"].images(), samples, strict=True):
        np.testing.assert_array_equal(image, sample.value["pixels"])


def test_repeated_and_unused_images_are_counted(recorded):
    episode, _ = recorded()
    fast, slow = (
        aligned(episode, fps=60).cameras["scene"],
        aligned(episode, fps=15).cameras["scene"],
    )
    assert fast.repeated >= 20
    assert fast.unused == 0
    assert slow.repeated == 0
    assert slow.unused >= 10


def test_the_source_is_named(recorded):
    episode, _ = recorded()
    source = aligned(episode).source
    assert source.episode_id == ID
    assert source.embodiment == "demo_arm_6dof"
    assert (source.task_id, source.instruction) == ("pick_cube", "put the red cube into the bin")
    assert source.success is True
    assert source.mcap_sha256 == "0" * 64


def test_joints_in_another_order_in_the_action_land_under_their_names(recorded):
    def turned(plan):
        for sample in plan.streams[ACTION].samples:
            sample.value["name"] = list(JOINTS[::-1])
            sample.value["position"] = sample.value["position"][::-1].copy()

    episode, _ = recorded(turned)
    steps = aligned(episode)
    assert steps.action.names == steps.observation["state"].names
    assert np.abs(steps.action.values - steps.observation["state"].values).max() < 0.2


def bimanual(plan):
    for topic in (FOLLOWER, ACTION, "/follower/wrench"):
        stream = plan.streams.pop(topic)
        for arm in ("right", "left"):
            samples = [Sample(s.stamp_ns, s.log_ns, s.value) for s in stream.samples]
            plan.streams[f"/{arm}{topic}"] = Stream(stream.type, stream.expected_hz, True, samples)


def test_two_arms_stand_side_by_side_under_their_names(recorded):
    episode, _ = recorded(bimanual)
    assert [arm.label for arm in arms_of(episode)] == ["left", "right"]
    steps = aligned(episode)
    left = tuple(f"left_{joint}.pos" for joint in JOINTS)
    right = tuple(f"right_{joint}.pos" for joint in JOINTS)
    assert steps.observation["state"].names == steps.action.names == left + right
    assert steps.observation["wrench"].names[0] == "left_force_x"
    np.testing.assert_array_equal(steps.action.values[:, :7], steps.action.values[:, 7:])


def test_a_namespace_changes_no_name(recorded):
    def below_a_namespace(plan):
        for topic in list(plan.streams):
            plan.streams[f"/cell_3{topic}"] = plan.streams.pop(topic)

    episode, _ = recorded(below_a_namespace)
    steps = aligned(episode)
    assert steps.action.names[0] == "shoulder_pan.pos"
    assert list(steps.cameras) == ["scene"]


def test_a_gap_in_a_stream_is_refused_with_its_size(recorded):
    def gap(plan):
        del plan.streams[SCENE].samples[5:15]

    episode, _ = recorded(gap)
    with pytest.raises(CheckFailed, match=rf"{SCENE} is 1\d\d\.\d ms away .* limit is 100 ms"):
        aligned(episode)
    assert aligned(episode, max_skew_ms=500.0).cameras["scene"].repeated >= 9


def test_a_value_that_is_not_finite_is_refused(recorded):
    def broken(plan):
        for sample in plan.streams[FOLLOWER].samples[60:90]:
            sample.value["position"][2] = np.nan

    episode, _ = recorded(broken)
    with pytest.raises(CheckFailed, match=r"/follower/joint_states: elbow.pos is nan at step"):
        aligned(episode)


@pytest.mark.parametrize("topic", [FOLLOWER, ACTION])
def test_an_episode_without_state_or_action_is_refused(recorded, topic):
    episode, _ = recorded(lambda plan: plan.streams.pop(topic))
    with pytest.raises(UnreadableError, match=topic[1:]):
        aligned(episode)


def test_a_camera_that_cannot_be_read_is_not_left_out_silently(recorded):
    def compressed(plan):
        sample = plan.streams[SCENE].samples[0]
        text = Sample(sample.stamp_ns, sample.log_ns, "jpeg")
        plan.streams.pop(SCENE)
        plan.streams[f"{SCENE}/compressed"] = Stream("std_msgs/msg/String", 30.0, True, [text])

    episode, _ = recorded(compressed)
    with pytest.raises(UnreadableError, match="image_raw/compressed"):
        cameras_of(episode)


def test_the_grid_has_the_slowest_cameras_rate(recorded):
    def slow_wrist(plan):
        plan.streams["/cameras/wrist/color/image_raw"].expected_hz = 15.0

    episode, _ = recorded(slow_wrist, cameras=("scene", "wrist"))
    assert nominal_fps(episode) == 15


def test_a_broken_rate_must_be_chosen_by_a_person(recorded):
    def ntsc(plan):
        plan.streams[SCENE].expected_hz = 29.97

    episode, _ = recorded(ntsc)
    with pytest.raises(ConfigError, match=r"29\.97 Hz; give a whole number with --fps"):
        nominal_fps(episode)
