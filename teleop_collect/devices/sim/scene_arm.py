"""One arm of the simulated scene: its URDF with actuators and a wrist force-torque sensor."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from teleop_collect.devices.sim.poses import parent_from_mount, quat_wxyz
from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Arm
from teleop_collect.rig.description import RobotDescription, resolve_urdf

VISUAL_GROUP, COLLISION_GROUP, HIDDEN_GROUP = 1, 3, 4

# A position error of this size asks for a joint's full effort: stiff enough to follow a hand
# within about 50 ms, soft enough not to ring against the table.
FULL_EFFORT_ERROR_RAD = 0.05
FULL_EFFORT_ERROR_M = 0.02
# Inertia of motor and gearbox seen at the joint, grows with what the joint can deliver.
ARMATURE_PER_NM = 0.00125
FINGER_ARMATURE_KG = 0.2
LINKAGE_SOLREF = [0.004, 1.0]
LINKAGE_SOLIMP = [0.99, 0.999, 0.0001, 0.5, 2.0]


def attach_arm(
    mujoco: Any, spec: Any, name: str, arm: Arm, rig_path: Path | None, bit: int, others: int
) -> None:
    """Attach an arm to the world, every element prefixed with `NAME/`.

    Args:
        mujoco: the library.
        spec: the scene's `mujoco.MjSpec`.
        name: the arm's name in the rig file.
        arm: its description.
        rig_path: file the rig was read from.
        bit: collision bit of this arm.
        others: collision bits of all other arms. An arm does not collide with itself.

    Raises:
        ConfigError: the URDF cannot be read or simulated, or lacks a joint or link that the rig
            names.
    """
    if arm.base.parent != "world":
        raise ConfigError(
            f"arm {name}: base.parent is {arm.base.parent!r}; a simulated arm stands on `world`"
        )
    child = _read_urdf(mujoco, resolve_urdf(arm.urdf, rig_path))
    _set_collisions(child, bit, others)
    for body in child.bodies:
        body.gravcomp = 1.0
    for equality in child.equalities:
        # The linkage behind a mimic joint is as stiff as the time step allows.
        equality.solref, equality.solimp = LINKAGE_SOLREF, LINKAGE_SOLIMP
    for joint in arm.joints:
        _add_actuator(mujoco, child, name, joint)
    if arm.wrench is not None:
        _add_force_torque_sensor(mujoco, child, name, arm.wrench.frame_id)
    world_from_base = parent_from_mount(arm.base)
    frame = spec.worldbody.add_frame(
        pos=world_from_base[:3, 3], quat=quat_wxyz(world_from_base[:3, :3])
    )
    spec.attach(child, prefix=f"{name}/", frame=frame)


def _read_urdf(mujoco: Any, path: Path) -> Any:
    """A URDF as `mujoco.MjSpec`, with its visuals and with its fixed frames as bodies."""
    root = ElementTree.fromstring(RobotDescription.from_urdf(path).text)  # noqa: S314 - checked
    extension = ElementTree.SubElement(root, "mujoco")
    ElementTree.SubElement(extension, "compiler", fusestatic="false", discardvisual="false")
    try:
        return mujoco.MjSpec.from_string(ElementTree.tostring(root, encoding="unicode"))
    except ValueError as error:
        raise ConfigError(f"{path} cannot be simulated: {error}") from error


def _set_collisions(child: Any, bit: int, others: int) -> None:
    """Visual shapes are seen, collision shapes are felt."""
    for geom in child.geoms:
        if geom.contype == 0 and geom.conaffinity == 0:
            geom.group = VISUAL_GROUP
        else:
            geom.group, geom.contype, geom.conaffinity = COLLISION_GROUP, bit, others


def _add_actuator(mujoco: Any, child: Any, arm: str, joint_name: str) -> None:
    """A critically damped position servo with the effort limit of the URDF."""
    joint = child.joint(joint_name)
    if joint is None:
        names = ", ".join(j.name for j in child.joints)
        raise ConfigError(f"arm {arm}: joint {joint_name!r} is not in its URDF, which has {names}")
    effort = float(joint.actfrcrange[1])
    if effort <= 0:
        raise ConfigError(f"arm {arm}: the URDF states no effort limit for joint {joint_name!r}")
    prismatic = joint.type == mujoco.mjtJoint.mjJNT_SLIDE
    joint.armature = FINGER_ARMATURE_KG if prismatic else ARMATURE_PER_NM * effort
    joint.actgravcomp = True
    actuator = child.add_actuator(
        name=joint_name, target=joint_name, trntype=mujoco.mjtTrn.mjTRN_JOINT
    )
    error = FULL_EFFORT_ERROR_M if prismatic else FULL_EFFORT_ERROR_RAD
    actuator.set_to_position(kp=effort / error, dampratio=1.0)


def _add_force_torque_sensor(mujoco: Any, child: Any, arm: str, frame_id: str) -> None:
    """Force and torque between the sensor's frame and the link that carries it."""
    body = child.body(frame_id)
    if body is None:
        raise ConfigError(f"arm {arm}: wrench.frame_id {frame_id!r} is not a link of its URDF")
    body.add_site(name="ft", group=HIDDEN_GROUP)
    for kind in ("force", "torque"):
        child.add_sensor(
            name=f"ft_{kind}",
            type=getattr(mujoco.mjtSensor, f"mjSENS_{kind.upper()}"),
            objtype=mujoco.mjtObj.mjOBJ_SITE,
            objname="ft",
        )
