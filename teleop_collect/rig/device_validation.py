"""Checks of an arm's leader and follower against the joints they must move."""

from collections.abc import Iterable, Iterator, Mapping

from teleop_collect.rig.config import (
    Arm,
    DynamixelFollower,
    DynamixelLeader,
    Ros2ControlFollower,
    Servo,
    SpaceMouseLeader,
    TopicLeader,
)
from teleop_collect.rig.problem import Key, Problem, unknown_name


def leader_joints(arm: Arm) -> dict[str, str]:
    """The leader joint that drives each commanded joint; none where the tool as a whole is led."""
    if arm.pose is not None:
        return {}
    return {
        joint: (arm.mapping[joint].leader_joint if joint in arm.mapping else None) or joint
        for joint in arm.joints
    }


def leader_problems(arm: Arm, key: Key) -> Iterator[Problem]:
    """What is wrong with an arm's leader.

    Args:
        arm: the arm.
        key: where the arm stands in the rig file.
    """
    leader, where = arm.leader, (*key, "leader")
    if isinstance(leader, DynamixelLeader):
        yield from _driving_servo_problems(arm, leader, (*where, "servos"))
        yield from _comfort_problems(leader, (*where, "comfort"))
    elif isinstance(leader, TopicLeader):
        for joint, leader_joint in leader_joints(arm).items():
            if leader_joint not in leader.joints:
                text = f"no leader joint '{leader_joint}', which drives follower joint '{joint}'"
                yield Problem((*where, "joints"), text)
    else:
        yield from _spacemouse_problems(arm, leader, key)


def _driving_servo_problems(arm: Arm, leader: DynamixelLeader, where: Key) -> Iterator[Problem]:
    servos, needed = leader.servos, leader_joints(arm)
    for joint, leader_joint in needed.items():
        if leader_joint not in servos:
            text = (
                f"no servo for leader joint '{leader_joint}', which drives follower joint '{joint}'"
            )
            yield Problem(where, text, with_value=False)
    clutch = leader.comfort.clutch
    used = [*needed.values(), *([] if clutch is None else [clutch.joint])]
    if arm.pose is not None:
        used = list(servos)
    yield from _servo_problems(servos, used, "leader joint in use", where)


def _servo_problems(
    servos: Mapping[str, Servo], needed: Iterable[str], kind: str, where: Key
) -> Iterator[Problem]:
    owner: dict[int, str] = {}
    for name, servo in servos.items():
        if name not in needed:
            text = unknown_name(kind, needed, name)
            yield Problem((*where, name), text, with_value=False)
        if (other := owner.setdefault(servo.id, name)) != name:
            text = f"servo '{other}' has the same id; each servo on a bus needs its own"
            yield Problem((*where, name, "id"), text)
        if servo.scale == 0:
            yield Problem((*where, name, "scale"), "must not be 0: the joint would never move")


def _comfort_problems(leader: DynamixelLeader, where: Key) -> Iterator[Problem]:
    comfort = leader.comfort
    if comfort.gravity_gain and not comfort.urdf:
        text = (
            "needs comfort.urdf, the description of the leader itself (`builtin:NAME` or a path), "
            "whose joints are named as the servos are"
        )
        yield Problem((*where, "gravity_gain"), text)
    named: list[tuple[Key, str]] = []
    if comfort.gripper_spring is not None:
        named.append(((*where, "gripper_spring", "joint"), comfort.gripper_spring.joint))
    if comfort.clutch is not None:
        named.append(((*where, "clutch", "joint"), comfort.clutch.joint))
    for key, joint in named:
        if joint not in leader.servos:
            yield Problem(key, unknown_name("servo", leader.servos, joint), with_value=False)


def _spacemouse_problems(arm: Arm, leader: SpaceMouseLeader, key: Key) -> Iterator[Problem]:
    where: Key = (*key, "leader")
    for joint in arm.mapping:
        text = "a SpaceMouse moves the follower's joints themselves; there is nothing to map"
        yield Problem((*key, "mapping", joint), text, with_value=False)
    if leader.gripper_joint is not None and leader.gripper_joint not in arm.joints:
        text = f"{unknown_name('joint of this arm', arm.joints, leader.gripper_joint)}; null: none"
        yield Problem((*where, "gripper_joint"), text)
    if leader.serial and leader.path:
        yield Problem((*where, "path"), "give either serial or path, not both")


def follower_problems(arm: Arm, key: Key) -> Iterator[Problem]:
    """What is wrong with an arm's follower.

    Args:
        arm: the arm.
        key: where the arm stands in the rig file.
    """
    follower, where = arm.follower, (*key, "follower")
    if isinstance(follower, DynamixelFollower):
        yield from _driven_servo_problems(arm, follower, where)
    elif isinstance(follower, Ros2ControlFollower):
        if follower.command == "forward_position" and not follower.controller_node:
            text = "needs the controller's name, whose parameter 'joints' tells the array's order"
            yield Problem((*where, "controller"), text, with_value=False)
        if follower.servo is not None and not isinstance(arm.leader, SpaceMouseLeader):
            text = "takes twists; it needs a leader with driver 'spacemouse'"
            yield Problem((*where, "servo"), text, with_value=False)
        gripper = follower.gripper
        if gripper is not None and gripper.joint not in arm.joints:
            text = unknown_name("joint of this arm", arm.joints, gripper.joint)
            yield Problem((*where, "gripper", "joint"), text)


def _driven_servo_problems(arm: Arm, follower: DynamixelFollower, where: Key) -> Iterator[Problem]:
    if follower.command != "joint_trajectory":
        yield Problem((*where, "command"), "the node follower_arm takes joint_trajectory only")
    for joint in arm.joints:
        if joint not in follower.servos:
            text = f"no servo for joint '{joint}'"
            yield Problem((*where, "servos"), text, with_value=False)
    yield from _servo_problems(follower.servos, arm.joints, "joint of this arm", (*where, "servos"))
