"""GELLO and a robot behind ros2_control: arrays go out in the controller's order, or not at all."""

import json
from pathlib import Path

import pytest
from support.controllers import StandInRobot
from support.graph import RunningRig, running_rig, wait_for, wait_for_check
from support.rehearsal import rehearsed

from teleop_collect import topics

pytestmark = pytest.mark.timeout(180)

CONTROLLER = "/forward_position_controller"
GRIPPER = "robotiq_85_left_knuckle_joint"
GRIPPER_TOPIC = "/robotiq_position_controller/commands"
STATE_HZ = 100


def rig_file(folder: Path) -> Path:
    """The shipped rig without wrench, whose state comes at a rate that a test can keep up with."""
    loaded = rehearsed(folder, "gello_ur5e")
    arms = {name: arm.model_dump(mode="json") for name, arm in loaded.rig.arms.items()}
    arms["main"]["wrench"] = None
    arms["main"]["follower"]["rate_hz"] = STATE_HZ
    # Another node drives this follower, so the check would not move it unasked.
    return rehearsed(folder, "gello_ur5e", arms=arms, check={"motion_rad": 0}).path


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gello")
    with running_rig(folder, str(rig_file(folder)), checked=True) as running:
        yield running


def arm_joints(rig: RunningRig) -> tuple[str, ...]:
    return tuple(j for j in rig.loaded.rig.arms["main"].joints if j != GRIPPER)


@pytest.fixture(scope="module")
def robot(rig: RunningRig):
    arm = rig.loaded.rig.arms["main"]
    state = {joint: arm.home.get(joint, 0.0) for joint in arm.joints}
    robot = StandInRobot(
        CONTROLLER, arm_joints(rig), {"other_joint": 1.0, **state}, GRIPPER_TOPIC, STATE_HZ
    )
    yield robot
    robot.close()


def disarmed(rig: RunningRig, robot: StandInRobot) -> None:
    """From the start: order as in the rig file, disarmed, checked."""
    robot.reorder(arm_joints(rig))
    rig.client.set_bool(topics.TELEOP_ENGAGE, False)
    wait_for_check(rig)
    robot.arrays.clear()
    robot.gripper.clear()


@pytest.fixture
def engaged(rig: RunningRig, robot: StandInRobot) -> None:
    disarmed(rig, robot)
    wait_for(lambda: rig.client.set_bool(topics.TELEOP_ENGAGE, True).success, 20, "engaging")


def test_the_robot_is_commanded_in_its_controllers_order(rig, robot, engaged):
    wait_for(lambda: len(robot.arrays) > 20 and len(robot.gripper) > 20, 10, "commands")

    home = rig.loaded.rig.arms["main"].home
    assert robot.arrays[0] == pytest.approx([home.get(j, 0.0) for j in arm_joints(rig)], abs=0.02)
    assert robot.gripper[0] == pytest.approx([home[GRIPPER]], abs=0.03)


def test_the_robots_state_is_recorded_under_the_usual_name(rig, robot, engaged):
    started = rig.client.trigger(topics.START_EPISODE)
    assert started.success, started.message
    wait_for(lambda: len(robot.arrays) > 100, 10, "commands")
    folder = Path(rig.client.trigger(topics.STOP_EPISODE).message)

    streams = json.loads((folder / "manifest.json").read_text())["streams"]
    assert streams["/follower/joint_states"]["written"] > 20
    assert "/joint_states" not in streams
    assert streams[f"{CONTROLLER}/commands"]["written"] > 20
    assert streams[GRIPPER_TOPIC]["written"] > 20


def test_another_order_is_refused_with_both_orders_named(rig, robot):
    disarmed(rig, robot)
    order = arm_joints(rig)
    robot.reorder((order[1], order[0], *order[2:]))
    told: list[str] = []

    def refused() -> bool:
        told.append(rig.client.set_bool(topics.TELEOP_ENGAGE, True).message)
        rig.client.set_bool(topics.TELEOP_ENGAGE, False)
        return "takes its array" in told[-1]

    wait_for(refused, 10, "the refusal")

    assert told[-1] == (
        f"{CONTROLLER} takes its array in the order [{order[1]}, {order[0]}, "
        f"{', '.join(order[2:])}], the rig file's joints are [{', '.join(order)}]; "
        "write them in the controller's order"
    )


def test_a_controller_that_changes_its_order_gets_no_more_moving_arrays(rig, robot, engaged):
    wait_for(lambda: len(robot.arrays) > 20, 10, "commands")

    robot.reorder(tuple(reversed(arm_joints(rig))))

    wait_for(lambda: "-> FAULT" in rig.log("teleop"), 10, "teleoperation to stop")
    assert "FAULT: " + CONTROLLER + " takes its array in the order" in rig.log("teleop")
