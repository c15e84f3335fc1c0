"""Samples as message objects: what the bytes of `nodes.cdr_layout` and `image_cdr` stand for."""

import array

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import PoseStamped, WrenchStamped
from sensor_msgs.msg import Image
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from teleop_collect.clock import NS_PER_S
from teleop_collect.nodes.conversions import time_message
from teleop_collect.samples import JointSample, PoseSample, RgbdSample, WrenchSample


def joint_trajectory(sample: JointSample, period_s: float) -> JointTrajectory:
    """A command as a trajectory of one point, due one period ahead."""
    sec, nanosec = divmod(round(period_s * NS_PER_S), NS_PER_S)
    point = JointTrajectoryPoint(
        positions=list(sample.position), time_from_start=Duration(sec=sec, nanosec=nanosec)
    )
    message = JointTrajectory(joint_names=list(sample.names), points=[point])
    message.header.stamp = time_message(sample.stamp_ns)
    return message


def wrench_stamped(sample: WrenchSample) -> WrenchStamped:
    """Wrench sample to WrenchStamped."""
    message = WrenchStamped()
    message.header.stamp = time_message(sample.stamp_ns)
    message.header.frame_id = sample.frame_id
    force, torque = message.wrench.force, message.wrench.torque
    force.x, force.y, force.z = sample.force_n
    torque.x, torque.y, torque.z = sample.torque_nm
    return message


def pose_stamped(sample: PoseSample) -> PoseStamped:
    """Pose sample to PoseStamped."""
    message = PoseStamped()
    message.header.stamp = time_message(sample.stamp_ns)
    message.header.frame_id = sample.frame_id
    position, quat = message.pose.position, message.pose.orientation
    position.x, position.y, position.z = sample.pose.position_m
    quat.x, quat.y, quat.z, quat.w = sample.pose.quat_xyzw
    return message


def color_image(sample: RgbdSample, frame_id: str) -> Image:
    """The colour image as rgb8."""
    height, width = sample.color.shape[:2]
    message = Image(height=height, width=width, encoding="rgb8", step=3 * width)
    message.header.stamp = time_message(sample.stamp_ns)
    message.header.frame_id = frame_id
    message.data = array.array("B", sample.color.tobytes())
    return message


def depth_image(sample: RgbdSample, frame_id: str) -> Image | None:
    """The depth image as 16UC1 in mm (REP 118), or None."""
    if sample.depth_mm is None:
        return None
    height, width = sample.depth_mm.shape
    message = Image(height=height, width=width, encoding="16UC1", step=2 * width)
    message.header.stamp = time_message(sample.stamp_ns)
    message.header.frame_id = frame_id
    message.data = array.array("B", sample.depth_mm.tobytes())
    return message
