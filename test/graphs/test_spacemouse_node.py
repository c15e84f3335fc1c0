"""A SpaceMouse moves the simulated arm: mouse, node, teleoperation and follower as processes."""

import time
from pathlib import Path

import numpy as np
import pytest
import rclpy
import yaml
from geometry_msgs.msg import TwistStamped
from sensor_msgs.msg import JointState, Joy
from support.graph import running_rig, wait_for, wait_for_check
from support.lone_recorder import ledger

from teleop_collect import topics
from teleop_collect.clock import PacedLoop, SystemClock
from teleop_collect.devices.spacemouse.emulator import EmulatedMouse
from teleop_collect.episodes.reader import open_episode
from teleop_collect.nodes import conversions
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.description import descriptions_of
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.processes import processes_of
from teleop_collect.rig.runtime import device_path
from teleop_collect.samples import JointSample
from teleop_collect.teleop.tool_kinematics import ToolKinematics

pytestmark = pytest.mark.timeout(180)

REPORT_HZ = 125
FULL = 350
SETTLED_NS = 150_000_000
"""So long after a loss nothing that was under way when it happened can still come."""
LEADER = {
    "driver": "spacemouse",
    "path": "sim://mouse",
    "rate_hz": 100,
    "translation_m_s": 0.05,
    "buttons": {"gripper_open": None, "gripper_close": 1, "clutch": 0},
    "gripper_joint": "gripper",
}


class Listener:
    """Hears mouse and follower."""

    def __init__(self) -> None:
        self._context = rclpy.Context()
        rclpy.init(args=[], context=self._context)
        self.node = rclpy.create_node("listener_under_test", context=self._context)
        qos = profile(topics.FAST_QOS, depth=1000)
        self._twists = PolledSubscription(self.node, TwistStamped, topics.SPACEMOUSE_TWIST, qos)
        self._joys = PolledSubscription(self.node, Joy, topics.SPACEMOUSE_JOY, qos)
        self._joints = PolledSubscription(self.node, JointState, topics.FOLLOWER_JOINT_STATES, qos)
        self.follower: JointSample | None = None

    def twists(self) -> list[TwistStamped]:
        return [taken.message for taken in self._twists.drain()]

    def joys(self) -> list[Joy]:
        return [taken.message for taken in self._joys.drain()]

    def _has_joints(self) -> bool:
        if (taken := self._joints.newest()) is not None:
            self.follower = conversions.joint_sample(taken.message)
        return self.follower is not None

    def joints(self) -> JointSample:
        wait_for(self._has_joints, 20, "the follower's joints")
        assert self.follower is not None
        return self.follower

    def close(self) -> None:
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mouse")
    data = yaml.safe_load(load_rig("sim_tabletop").text)
    data["cameras"] = {}
    data["arms"]["main"]["leader"] = LEADER
    del data["arms"]["main"]["mapping"]
    path = folder / "mouse.yaml"
    path.write_text(yaml.safe_dump(data))
    names = [p.name for p in processes_of(load_rig(str(path)))]
    # The test itself holds the mouse.
    names.remove("spacemouse_emulator_main")
    with running_rig(folder, str(path), names, checked=True) as running:
        yield running


@pytest.fixture(scope="module")
def mouse(rig):
    with EmulatedMouse(device_path("sim://mouse")) as mouse:
        yield mouse


@pytest.fixture(scope="module")
def listener(rig, mouse):
    listener = Listener()
    wait_for(lambda: bool(listener.twists()), 20, "the mouse's twists")
    yield listener
    listener.close()


@pytest.fixture
def engaged(rig, listener):
    wait_for_check(rig)
    rig.client.set_bool(topics.TELEOP_ENGAGE, False)
    wait_for(lambda: rig.client.set_bool(topics.TELEOP_ENGAGE, True).success, 20, "engaging")
    wait_for(
        lambda: "-> ENGAGED" in rig.log("teleop").rpartition("[teleop]")[2], 20, "the arm to follow"
    )


def hold(mouse: EmulatedMouse, counts: tuple[int, ...], duration_s: float) -> None:
    """Deflect the cap for a while, then let it go, as a hand does."""
    loop = PacedLoop(REPORT_HZ, SystemClock())
    for _ in range(round(duration_s * REPORT_HZ)):
        mouse.deflect(counts)
        loop.wait()
    mouse.release()


def tool_m(rig, sample: JointSample) -> np.ndarray:
    arm = rig.loaded.rig.arms["main"]
    joints = tuple(j for j in arm.joints if j != "gripper")
    description = descriptions_of(rig.loaded.rig, rig.loaded.path)["main"]
    kinematics = ToolKinematics(description, joints, arm.tool_frame)
    positions = sample.by_name()
    return kinematics.base_from_tool(np.array([positions[j] for j in joints]))[:3, 3]


def moved_m(rig, listener: Listener, start_m: np.ndarray) -> np.ndarray:
    return tool_m(rig, listener.joints()) - start_m


def test_at_rest_it_publishes_zeros_in_the_robots_frame(listener):
    listener.joys()
    wait_for(lambda: bool(listener.joys()), 20, "buttons at rest")
    twist = wait_twist(listener)
    assert twist.header.frame_id == "base_link"
    assert twist.header.stamp.sec > 0
    assert twist.twist == TwistStamped().twist


def wait_twist(listener: Listener) -> TwistStamped:
    found: list[TwistStamped] = []
    wait_for(lambda: bool(found.extend(listener.twists()) or found), 20, "a twist")
    return found[-1]


def test_pushing_the_cap_moves_the_tool_the_same_way(rig, mouse, listener, engaged):
    start = tool_m(rig, listener.joints())

    def pushed_forward() -> bool:
        # The ROS convention of the library: HID -y is x forward.
        hold(mouse, (0, -FULL, 0, 0, 0, 0), 0.5)
        return moved_m(rig, listener, start)[0] > 0.03

    began_s = time.monotonic()
    wait_for(pushed_forward, 20, "the tool to move forward")

    forward, *aside = moved_m(rig, listener, start)
    most_m = 0.05 * (time.monotonic() - began_s) + 0.02
    assert forward < most_m, "at most 0.05 m/s, and a little to brake"
    assert np.abs(aside).max() < 0.01


def test_a_button_closes_the_gripper(rig, mouse, listener, engaged):
    before = listener.joints().by_name()["gripper"]

    loop = PacedLoop(REPORT_HZ, SystemClock())
    for _ in range(REPORT_HZ // 2):
        mouse.press(1)
        loop.wait()
    mouse.press()

    wait_for(lambda: listener.joints().by_name()["gripper"] < before - 0.01, 20, "the gripper")


def test_while_the_clutch_is_pressed_the_arm_stays_and_then_follows_again(
    rig, mouse, listener, engaged
):
    start = tool_m(rig, listener.joints())
    listener.twists(), listener.joys()
    mouse.press(0)
    wait_for(lambda: any(j.buttons[0] for j in listener.joys()), 20, "the clutch")

    hold(mouse, (0, -FULL, 0, 0, 0, 0), 1.0)
    asked = [t.twist.linear.x for t in listener.twists()]
    assert max(asked) > 0.04, "the cap was pushed"
    assert np.abs(moved_m(rig, listener, start)).max() < 0.005, "and the arm stayed"

    mouse.press()
    wait_for(lambda: last(listener.joys, lambda joy: not joy.buttons[0]), 20, "the release")

    def goes_forward() -> bool:
        hold(mouse, (0, -FULL, 0, 0, 0, 0), 0.2)
        return moved_m(rig, listener, start)[0] > 0.02

    wait_for(goes_forward, 20, "the arm to follow again")


def last(messages, condition) -> bool:
    """Whether the newest of some messages fulfils a condition; not without any."""
    found = messages()
    return bool(found) and condition(found[-1])


def test_an_unplugged_mouse_ends_in_zero_holds_the_arm_and_is_a_gap_in_the_ledger(
    rig, mouse, listener, engaged
):
    assert rig.client.trigger(topics.START_EPISODE).success
    for _ in range(20):
        mouse.deflect((0, -FULL, 0, 0, 0, 0))
    wait_for(lambda: last(listener.twists, lambda t: t.twist.linear.x > 0), 20, "the push")
    unplugged_ns = time.time_ns()
    mouse.unplug()
    wait_for(lambda: "-> HOLD" in last_engagement(rig), 20, "teleoperation to hold")
    assert listener.twists()[-1].twist == TwistStamped().twist

    plugged_ns = time.time_ns()
    mouse.plug()
    wait_for(lambda: bool(listener.twists()), 20, "twists again")
    folder = Path(rig.client.trigger(topics.STOP_EPISODE).message)

    with open_episode(folder) as episode:
        twists = episode.read("/spacemouse/twist")
    speeds = np.abs(twists.values["linear_m_s"]).max(axis=1)
    lost = (twists.stamp_ns > unplugged_ns + SETTLED_NS) & (twists.stamp_ns < plugged_ns)
    assert not lost.any(), "nothing is made up while there is no mouse"
    after = twists.stamp_ns > unplugged_ns + SETTLED_NS
    assert after.any()
    assert speeds[after].max() == 0.0, "and what it last said is forgotten"
    assert ledger(folder, "/spacemouse/twist")["gaps"] >= 1


def last_engagement(rig) -> str:
    return rig.log("teleop").rpartition("-> ENGAGED")[2]


def test_an_episode_of_a_mouse_has_its_twists_and_buttons(rig, mouse, listener, engaged):
    assert rig.client.trigger(topics.START_EPISODE).success
    hold(mouse, (0, 0, -FULL, 0, 0, 0), 0.5)
    folder = rig.client.trigger(topics.STOP_EPISODE).message
    with open_episode(folder) as episode:
        twists = episode.times("/spacemouse/twist")
        joys = episode.times("/spacemouse/joy")
        assert "/leader/joint_states" not in episode.streams
    assert len(twists.stamp_ns) > 40
    assert abs(len(twists.stamp_ns) - len(joys.stamp_ns)) <= 1
