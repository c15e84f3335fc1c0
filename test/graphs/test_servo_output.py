"""Twists forwarded to MoveIt Servo; a stand-in for Servo hears and answers them."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
import rclpy
import yaml
from geometry_msgs.msg import TwistStamped
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, String
from support.graph import RunningRig, running_rig, wait_for
from trajectory_msgs.msg import JointTrajectory

from teleop_collect import topics
from teleop_collect.clock import SystemClock
from teleop_collect.nodes import conversions
from teleop_collect.nodes.cdr_layout import trajectory_cdr
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.checks.motion_gate import MOTION
from teleop_collect.rig.checks.report import RigCheckReport
from teleop_collect.rig.load import LoadedRig, load_rig
from teleop_collect.rig.streams import streams_of
from teleop_collect.samples import JointSample, TwistSample

pytestmark = pytest.mark.timeout(120)

TWISTS, COMMANDS = "servo_node/delta_twist_cmds", "arm_controller/joint_trajectory"
GRIPPER = "gripper_controller/commands"
SERVO = {"twist_topic": TWISTS, "rate_hz": 100}
PUSHED = (0.05, 0.0, -0.02)
REST = (0.0, 0.0, 0.0)


def rig_file(folder: Path, **leader: object) -> Path:
    data = yaml.safe_load(load_rig("sim_tabletop").text)
    arm = data["arms"]["main"]
    arm |= {
        "leader": {"driver": "spacemouse", "path": "sim://mouse", "rate_hz": 100} | leader,
        "follower": {
            "driver": "ros2_control",
            "serial": "R1",
            "rate_hz": 100,
            "command_topic": COMMANDS,
            "gripper": {"joint": "gripper", "topic": GRIPPER},
            "servo": SERVO,
        },
    }
    for key in ("mapping", "wrench"):
        arm.pop(key, None)
    for key in ("sim", "cameras", "objects", "regions"):
        data.pop(key, None)
    data["tasks"] = {"move": {"instruction": "move"}}
    path = folder / "servo.yaml"
    path.write_text(yaml.safe_dump(data))
    return path


class StandIn:
    """Mouse, robot and Servo: publishes what they would and keeps what they are sent."""

    def __init__(self, loaded: LoadedRig) -> None:
        self.twists: list[TwistStamped] = []
        self.gripper: list[float] = []
        self.sent: list[JointState] = []
        self.pushed: tuple[float, float, float] | None = REST
        self._clock = SystemClock()
        arm = loaded.rig.arms["main"]
        self._joints = arm.joints
        self._state = tuple(arm.home[joint] for joint in arm.joints)
        self._context = rclpy.Context()
        rclpy.init(args=[], context=self._context)
        node = self._node = rclpy.create_node("servo_node", context=self._context)
        qos, latched = profile(topics.FAST_QOS), profile(topics.LATCHED_QOS)
        self._mouse = node.create_publisher(TwistStamped, topics.SPACEMOUSE_TWIST, qos)
        self._measured = node.create_publisher(JointState, "joint_states", qos)
        self._commands = node.create_publisher(JointTrajectory, COMMANDS, qos)
        self._gate = node.create_publisher(String, topics.RIG_CHECK_RESULT, latched)
        now_ns = self._clock.utc_ns()
        moved = dict.fromkeys(MOTION, now_ns)
        report = replace(RigCheckReport.of(loaded, now_ns, ()), motion_at_ns=moved)
        self._gate.publish(String(data=report.to_json()))
        node.create_subscription(TwistStamped, TWISTS, self._on_twist, qos)
        node.create_subscription(Float64MultiArray, GRIPPER, self._on_gripper, qos)
        node.create_subscription(JointState, topics.ACTION_SENT, self.sent.append, qos)
        node.create_timer(0.01, self._publish)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            return

    def _on_twist(self, message: TwistStamped) -> None:
        self.twists.append(message)
        stamp_ns = conversions.stamp_ns(message.header.stamp)
        sample = JointSample(stamp_ns, self._joints[:-1], self._state[:-1])
        self._commands.publish(trajectory_cdr(sample, 0.01))

    def _on_gripper(self, message: Float64MultiArray) -> None:
        self.gripper += message.data

    def _publish(self) -> None:
        now_ns = self._clock.utc_ns()
        sample = JointSample(now_ns, self._joints, self._state)
        self._measured.publish(conversions.joint_state(sample))
        if self.pushed is not None:
            twist = TwistSample(now_ns, "base_link", self.pushed, REST)
            self._mouse.publish(conversions.twist_stamped(twist))

    def linear(self) -> tuple[float, float, float]:
        """Of the newest twist that Servo was sent."""
        linear = self.twists[-1].twist.linear
        return (linear.x, linear.y, linear.z)

    def hears(self, linear: tuple[float, float, float]) -> bool:
        count = len(self.twists)
        wait_for(lambda: len(self.twists) > count, 20, "twists")
        return self.linear() == pytest.approx(linear)

    def close(self) -> None:
        self._executor.shutdown(timeout_sec=1.0)
        self._thread.join(timeout=2.0)
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    folder = tmp_path_factory.mktemp("servo")
    with running_rig(folder, str(rig_file(folder)), ["teleop"]) as running:
        yield running


def follows(rig: RunningRig) -> bool:
    transitions = [line for line in rig.log("teleop").splitlines() if " -> " in line]
    return bool(transitions) and "-> ENGAGED" in transitions[-1]


def push(rig: RunningRig, servo: StandIn) -> bool:
    """Push the cap from rest; False when a busy machine let the mouse fall silent meanwhile, after
    which teleoperation asks for rest first."""
    servo.pushed = REST
    wait_for(lambda: follows(rig) and servo.hears(REST), 20, "rest")
    servo.pushed = PUSHED
    return any(servo.hears(PUSHED) for _ in range(100))


@pytest.fixture
def servo(rig):
    servo = StandIn(rig.loaded)
    wait_for(lambda: rig.client.set_bool(topics.TELEOP_ENGAGE, True).success, 40, "engaging")
    wait_for(lambda: follows(rig), 20, "teleoperation to follow")
    yield servo
    rig.client.set_bool(topics.TELEOP_ENGAGE, False)
    servo.close()


def test_a_twist_reaches_servo_as_it_was_asked_and_its_answer_is_the_action_sent(rig, servo):
    wait_for(lambda: push(rig, servo), 60, "the twist")
    wait_for(lambda: len(servo.sent) > 5, 20, "what Servo sent")

    assert servo.twists[-1].header.frame_id == "base_link"
    assert tuple(servo.sent[-1].name) == rig.loaded.rig.arms["main"].joints[:-1]
    assert servo.gripper, "the gripper has a topic of its own"


def test_a_silent_mouse_ends_in_zero_twists(rig, servo):
    wait_for(lambda: push(rig, servo), 60, "the twist")

    servo.pushed = None

    wait_for(lambda: servo.hears(REST), 20, "zero twists")
    wait_for(lambda: "-> HOLD: leader sample is" in rig.log("teleop"), 20, "the hold")


def test_a_software_stop_ends_in_zero_twists_until_disarmed(rig, servo):
    wait_for(lambda: push(rig, servo), 60, "the twist")

    assert rig.client.trigger(topics.TELEOP_STOP).success

    wait_for(lambda: servo.hears(REST), 20, "zero twists")


def test_the_streams_of_servo_have_its_rate(tmp_path):
    streams = {s.topic: s for s in streams_of(load_rig(str(rig_file(tmp_path))).rig)}

    assert streams[topics.ACTION_SENT].expected_hz == 100
    assert streams[COMMANDS].expected_hz == 100
    assert streams[GRIPPER].expected_hz == 200
