"""Between this package's samples and ROS messages; nothing else knows both."""

import array
from collections.abc import Sequence

import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import PoseStamped, TwistStamped, WrenchStamped
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, JointState, Joy
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from teleop_collect.clock import NS_PER_S
from teleop_collect.errors import UnreadableError
from teleop_collect.rig.calibration.values import CameraIntrinsics
from teleop_collect.rig.checks.driver_status import DriverStatus, DriverStatuses
from teleop_collect.samples import (
    Intrinsics,
    JointSample,
    Pose,
    PoseSample,
    TwistSample,
    WrenchSample,
)

LEVELS = {
    "ok": DiagnosticStatus.OK,
    "warn": DiagnosticStatus.WARN,
    "error": DiagnosticStatus.ERROR,
    "stale": DiagnosticStatus.STALE,
}


def time_message(stamp_ns: int) -> Time:
    """UTC nanoseconds as a ROS time."""
    sec, nanosec = divmod(stamp_ns, NS_PER_S)
    return Time(sec=sec, nanosec=nanosec)


def stamp_ns(time: Time) -> int:
    """A ROS time as UTC nanoseconds."""
    return int(time.sec) * NS_PER_S + int(time.nanosec)


def joint_state(sample: JointSample) -> JointState:
    """Joint sample to JointState."""
    message = JointState(
        name=list(sample.names),
        position=list(sample.position),
        velocity=list(sample.velocity),
        effort=list(sample.effort),
    )
    message.header.stamp = time_message(sample.stamp_ns)
    return message


def joint_sample(message: JointState) -> JointSample:
    """JointState to joint sample."""
    return JointSample(
        stamp_ns(message.header.stamp),
        tuple(message.name),
        tuple(message.position),
        tuple(message.velocity),
        tuple(message.effort),
    )


def commanded_positions(message: JointTrajectory) -> dict[str, float]:
    """Positions by joint name of a trajectory's last point; empty without points."""
    if not message.points:
        return {}
    return dict(zip(message.joint_names, message.points[-1].positions, strict=True))


def position_array(sample: JointSample) -> Float64MultiArray:
    """A command for forward_command_controller: positions in the controller's joint order."""
    return Float64MultiArray(data=list(sample.position))


def wrench_sample(message: WrenchStamped) -> WrenchSample:
    """WrenchStamped to wrench sample."""
    force, torque = message.wrench.force, message.wrench.torque
    return WrenchSample(
        stamp_ns(message.header.stamp),
        message.header.frame_id,
        (force.x, force.y, force.z),
        (torque.x, torque.y, torque.z),
    )


def twist_stamped(sample: TwistSample) -> TwistStamped:
    """Twist sample to TwistStamped."""
    message = TwistStamped()
    message.header.stamp = time_message(sample.stamp_ns)
    message.header.frame_id = sample.frame_id
    linear, angular = message.twist.linear, message.twist.angular
    linear.x, linear.y, linear.z = sample.linear_m_s
    angular.x, angular.y, angular.z = sample.angular_rad_s
    return message


def joy(sample: TwistSample) -> Joy:
    """A twist sample's raw axes and buttons, with the same stamp."""
    message = Joy(axes=list(sample.axes), buttons=list(sample.buttons))
    message.header.stamp = time_message(sample.stamp_ns)
    message.header.frame_id = sample.frame_id
    return message


def twist_sample(twist: TwistStamped, buttons: Joy | None) -> TwistSample:
    """TwistStamped to twist sample, with the buttons and axes of a Joy."""
    linear, angular = twist.twist.linear, twist.twist.angular
    return TwistSample(
        stamp_ns(twist.header.stamp),
        twist.header.frame_id,
        (linear.x, linear.y, linear.z),
        (angular.x, angular.y, angular.z),
        tuple(buttons.buttons) if buttons is not None else (),
        tuple(buttons.axes) if buttons is not None else (),
    )


def pose_sample(message: PoseStamped) -> PoseSample:
    """PoseStamped to pose sample."""
    position, quat = message.pose.position, message.pose.orientation
    pose = Pose((position.x, position.y, position.z), (quat.x, quat.y, quat.z, quat.w))
    return PoseSample(stamp_ns(message.header.stamp), message.header.frame_id, pose)


def compressed_image(stamp: int, frame_id: str, image_format: str, data: bytes) -> CompressedImage:
    """An encoded image as image_transport names its format."""
    message = CompressedImage(format=image_format)
    message.header.stamp = time_message(stamp)
    message.header.frame_id = frame_id
    message.data = array.array("B", data)
    return message


def camera_info(
    intrinsics: Intrinsics,
    frame_id: str,
    distortion_model: str = "plumb_bob",
    distortion: Sequence[float] = (0.0,) * 5,
) -> CameraInfo:
    """Intrinsics as CameraInfo (REP 104); images are not rectified.

    The stamp is set for each image.
    """
    k = intrinsics
    message = CameraInfo(height=k.height, width=k.width, distortion_model=distortion_model)
    message.d = list(distortion)
    message.k = [k.fx, 0.0, k.cx, 0.0, k.fy, k.cy, 0.0, 0.0, 1.0]
    message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    message.p = [k.fx, 0.0, k.cx, 0.0, 0.0, k.fy, k.cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    message.header.frame_id = frame_id
    return message


def calibrated_camera_info(values: CameraIntrinsics, frame_id: str) -> CameraInfo:
    """Calibrated intrinsics with their distortion as CameraInfo; images are not rectified."""
    k = values
    pinhole = Intrinsics(k.width, k.height, k.fx, k.fy, k.cx, k.cy)
    message = camera_info(pinhole, frame_id)
    message.d = list(values.distortion)
    return message


def color_array(message: Image) -> NDArray[np.uint8]:
    """A colour image as RGB, shape (height, width, 3).

    Raises:
        UnreadableError: its encoding is neither rgb8, bgr8 nor mono8, or its size is wrong.
    """
    channels = {"rgb8": 3, "bgr8": 3, "mono8": 1}.get(message.encoding)
    if channels is None or len(message.data) != message.height * message.step:
        raise UnreadableError(f"an image of encoding '{message.encoding}' cannot be read")
    rows = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)
    pixels = rows[:, : message.width * channels].reshape(message.height, message.width, channels)
    if message.encoding == "bgr8":
        return np.ascontiguousarray(pixels[..., ::-1])
    return np.repeat(pixels, 3, axis=2) if channels == 1 else pixels


def published_intrinsics(message: CameraInfo) -> CameraIntrinsics:
    """CameraInfo to intrinsics with the distortion of `plumb_bob`; 0 where it has another model."""
    seen = intrinsics(message)
    return CameraIntrinsics(
        width=seen.width, height=seen.height, fx=seen.fx, fy=seen.fy, cx=seen.cx, cy=seen.cy,
        distortion=seen.distortion,
    )  # fmt: skip


def intrinsics(message: CameraInfo) -> Intrinsics:
    """CameraInfo to a pinhole camera; its distortion is 0 where the model is not `plumb_bob`."""
    fx, _, cx, _, fy, cy, *_ = (float(value) for value in message.k)
    told = message.d[:5] if message.distortion_model in ("plumb_bob", "") else ()
    k1, k2, p1, p2, k3 = (*map(float, told), *(0.0,) * 5)[:5]
    return Intrinsics(message.width, message.height, fx, fy, cx, cy, (k1, k2, p1, p2, k3))


def diagnostic(name: str, level: str, message: str, values: dict[str, object]) -> DiagnosticStatus:
    """One diagnostic status; `level` is ok, warn, error or stale."""
    return DiagnosticStatus(
        name=name,
        level=LEVELS[level],
        message=message,
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
    )


def driver_statuses(message: DiagnosticArray) -> DriverStatuses:
    """What drivers say of themselves, by name."""
    words = {level: word for word, level in LEVELS.items()}
    return DriverStatuses(
        {
            status.name: DriverStatus(
                words.get(status.level, "stale"),
                status.message,
                {value.key: value.value for value in status.values},
            )
            for status in message.status
        }
    )


def diagnostics(stamp: int, statuses: list[DiagnosticStatus]) -> DiagnosticArray:
    """Stamped diagnostic statuses."""
    array_message = DiagnosticArray(status=statuses)
    array_message.header.stamp = time_message(stamp)
    return array_message
