"""Gathers what calibrations need from a running rig: joints, wrench and images, still or moving."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
import rclpy
from geometry_msgs.msg import WrenchStamped
from rclpy.context import Context
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CameraInfo, JointState
from sensor_msgs.msg import Image as ImageMessage

from teleop_collect import topics
from teleop_collect.clock import NS_PER_S
from teleop_collect.errors import DeviceError
from teleop_collect.nodes import conversions
from teleop_collect.nodes.calibration_devices import refuse_exchanged
from teleop_collect.nodes.calibration_motion import ATTEMPTS, ArmMover
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.calibration.charuco import Image
from teleop_collect.rig.calibration.devices import camera_device, device_name
from teleop_collect.rig.calibration.samples import JointTrace, MotionTrace, StillSample
from teleop_collect.rig.calibration.values import CameraIntrinsics
from teleop_collect.rig.config import TopicCamera, TopicLeader
from teleop_collect.rig.description import descriptions_of
from teleop_collect.rig.load import LoadedRig
from teleop_collect.rig.streams import follower_source

POLL_S = 0.01
SILENT_S = 10.0
START_S = 60.0
WINDOW_S = 0.5
"""How long an arm is looked at while it stands still."""


class CalibrationRig:
    """A node beside a running rig; use it as a context manager and from one thread.

    Args:
        loaded: the rig.

    Attributes:
        check_alive: raises when a process of the rig has ended; None when others started it.
    """

    def __init__(self, loaded: LoadedRig) -> None:
        self.loaded = loaded
        self._rig = loaded.rig
        self._context = Context()
        rclpy.init(args=[], context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self._node = rclpy.create_node("calibration", context=self._context)
        self._movers: dict[str, ArmMover] = {}
        self.check_alive: Callable[[], None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for mover in self._movers.values():
            mover.close()
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)

    def wait_heard(self, arm: str, side: str = "follower") -> None:
        """Wait until an arm is heard.

        Raises:
            DeviceError: it stays silent, or a process of the rig has ended.
            CheckFailed: its driver tells another serial number than the rig file.
        """
        with self._joints(arm, side) as joints:
            self._wait(joints, f"the {side} of arm {arm}")
        refuse_exchanged(self._node, self._rig, device_name(self._rig, arm, side))

    def wait_seen(self, camera: str) -> None:
        """Wait until a camera sends images.

        Raises:
            DeviceError: it stays silent, or a process of the rig has ended.
            CheckFailed: its driver tells another serial number than the rig file.
        """
        with self._subscription(ImageMessage, self._color(camera), 1) as images:
            self._wait(images, f"camera {camera}")
        refuse_exchanged(self._node, self._rig, camera_device(camera))

    def _wait(self, subscription: PolledSubscription, what: str) -> None:
        deadline = time.monotonic() + START_S
        while subscription.newest() is None:
            if self.check_alive is not None:
                self.check_alive()
            if time.monotonic() > deadline:
                raise DeviceError(f"{what} is silent; start the rig's drivers")
            time.sleep(POLL_S)

    def intrinsics(self, camera: str) -> CameraIntrinsics:
        """What a camera publishes in its CameraInfo.

        Raises:
            DeviceError: nothing.
        """
        topic = self._color(camera).replace("image_raw", "camera_info")
        with self._subscription(CameraInfo, topic, 1) as infos:
            deadline = time.monotonic() + START_S
            while (taken := infos.newest()) is None:
                if time.monotonic() > deadline:
                    raise DeviceError(f"camera {camera} publishes no CameraInfo; calibrate it")
                time.sleep(POLL_S)
        return conversions.published_intrinsics(taken.message)

    def images(self, camera: str, timeout_s: float) -> Iterator[Image]:
        """Colour images of a camera as they come, until the time is over.

        Raises:
            DeviceError: the camera is silent.
        """
        deadline = time.monotonic() + timeout_s
        with self._subscription(ImageMessage, self._color(camera), 1) as images:
            heard = time.monotonic()
            while time.monotonic() < deadline:
                if (taken := images.newest()) is not None:
                    heard = time.monotonic()
                    yield conversions.color_array(taken.message)
                    continue
                if time.monotonic() - heard > SILENT_S:
                    raise DeviceError(f"camera {camera} sent no image for {SILENT_S:g} s")
                time.sleep(POLL_S)

    def fresh_images(self, camera: str, count: int) -> list[Image]:
        """The next images that are exposed after this call."""
        images = self.images(camera, 3 * SILENT_S)
        # The first one may have been on its way already.
        found = [image for _, image in zip(range(count + 1), images, strict=False)]
        return found[1:]

    def still(
        self, arm: str, side: str = "follower", camera: str | None = None, *, wrench: bool = False
    ) -> StillSample:
        """Look at an arm for half a second, whether it stands still or not.

        Args:
            arm: its name.
            side: `follower` or `leader`.
            camera: also take an image of this camera.
            wrench: also take the mean wrench.

        Raises:
            DeviceError: the arm, its sensor or the camera is silent.
        """
        with self._joints(arm, side) as joints, self._wrenches(arm, wrench) as wrenches:
            _discard(joints, wrenches)
            image = self.fresh_images(camera, 1)[0] if camera is not None else None
            rows = _gather(joints, f"the {side} of arm {arm}")
            forces = [] if wrenches is None else _gather(wrenches, f"the wrench of arm {arm}")
        trace = joint_trace([conversions.joint_sample(m) for m in rows])
        mean = {j: float(values.mean()) for j, values in trace.positions.items()}
        noise = {j: float(values.std()) for j, values in trace.positions.items()}
        if not forces:
            return StillSample(mean, noise, image)
        samples = [conversions.wrench_sample(m) for m in forces]
        force = np.array([s.force_n for s in samples])
        torque = np.array([s.torque_nm for s in samples]).mean(axis=0)
        worst = float(force.std(axis=0).max())
        return StillSample(mean, noise, image, force.mean(axis=0), torque, worst)

    def move(self, arm: str, joints: Mapping[str, float]) -> None:
        """Bring a simulated arm to a posture, through the chain of limits.

        Raises:
            DeviceError: the follower is silent or the chain broke off.
        """
        self._mover(arm).move(joints)

    def swing(
        self, arm: str, joints: Sequence[str], duration_s: float, amplitude_rad: float,
        camera: str | None,
    ) -> MotionTrace:  # fmt: skip
        """Swing a simulated arm (all its joints when none is named); keep what happened meanwhile.

        Raises:
            DeviceError: the follower is silent, or the chain of limits broke off each time.
        """
        for _ in range(ATTEMPTS - 1):
            with contextlib.suppress(DeviceError):
                return self._swing_once(arm, joints, duration_s, amplitude_rad, camera)
        return self._swing_once(arm, joints, duration_s, amplitude_rad, camera)

    def _swing_once(
        self, arm: str, chosen: Sequence[str], duration_s: float, amplitude_rad: float,
        camera: str | None,
    ) -> MotionTrace:  # fmt: skip
        mover = self._mover(arm)
        images: list[tuple[float, Image]] = []
        states: list[Any] = []
        with self._joints(arm, "follower") as joints, self._watched(camera) as seen:

            def take() -> None:
                states.extend(t.message for t in joints.drain())
                images.extend(_stamped(seen))

            mover.swing(chosen, duration_s, amplitude_rad, take)
        measured = joint_trace([conversions.joint_sample(m) for m in states])
        sent = JointTrace(
            np.array([ns for ns, _ in mover.sent]) / NS_PER_S,
            _columns(self._rig.arms[arm].joints, [row for _, row in mover.sent]),
        )
        return MotionTrace(measured, sent, tuple(images))

    def watch_motion(self, arm: str, duration_s: float, camera: str | None) -> MotionTrace:
        """Keep what is sent, measured and seen while a person moves the arm."""
        prefix = self._rig.arms[arm].prefix
        topic = topics.arm_topic(prefix, topics.ACTION_SENT)
        images: list[tuple[float, Image]] = []
        states: list[Any] = []
        actions: list[Any] = []
        deadline = time.monotonic() + duration_s
        with (
            self._joints(arm, "follower") as joints,
            self._subscription(JointState, topic, 400) as sent,
            self._watched(camera) as seen,
        ):
            while time.monotonic() < deadline:
                states.extend(t.message for t in joints.drain())
                actions.extend(t.message for t in sent.drain())
                images.extend(_stamped(seen))
                time.sleep(POLL_S)
        if not states:
            raise DeviceError(f"the follower of arm {arm} is silent")
        told = [conversions.joint_sample(m) for m in actions]
        measured = joint_trace([conversions.joint_sample(m) for m in states])
        return MotionTrace(measured, joint_trace(told) if told else None, tuple(images))

    def _mover(self, arm: str) -> ArmMover:
        if arm not in self._movers:
            description = descriptions_of(self._rig, self.loaded.path)[arm]
            self._movers[arm] = ArmMover(self._node, self._rig, arm, description)
        return self._movers[arm]

    def _color(self, camera: str) -> str:
        config, topic = self._rig.cameras[camera], topics.color_topic(camera)
        source = config.namespace if isinstance(config, TopicCamera) else ""
        return topic.replace(f"cameras/{camera}", source, 1) if source else topic

    @contextmanager
    def _joints(self, arm: str, side: str) -> Iterator[PolledSubscription]:
        config = self._rig.arms[arm]
        if side == "leader":
            given = config.leader.topic if isinstance(config.leader, TopicLeader) else ""
            topic = given or topics.arm_topic(config.prefix, topics.LEADER_JOINT_STATES)
        else:
            own = topics.arm_topic(config.prefix, topics.FOLLOWER_JOINT_STATES)
            topic = follower_source(config) or own
        with self._subscription(JointState, topic, 400) as joints:
            yield joints

    @contextmanager
    def _wrenches(self, arm: str, wanted: bool) -> Iterator[PolledSubscription | None]:
        config = self._rig.arms[arm]
        if not wanted or config.wrench is None:
            yield None
            return
        own = topics.arm_topic(config.prefix, topics.FOLLOWER_WRENCH)
        with self._subscription(WrenchStamped, config.wrench.topic or own, 1000) as wrenches:
            yield wrenches

    @contextmanager
    def _watched(self, camera: str | None) -> Iterator[PolledSubscription | None]:
        if camera is None:
            yield None
            return
        with self._subscription(ImageMessage, self._color(camera), 10) as images:
            yield images

    @contextmanager
    def _subscription(self, kind: type, topic: str, depth: int) -> Iterator[PolledSubscription]:
        qos = profile(
            topics.IMAGE_QOS if kind in (ImageMessage, CameraInfo) else topics.FAST_QOS, depth
        )
        subscription = PolledSubscription(self._node, kind, topic, qos)
        try:
            yield subscription
        finally:
            subscription.close()


def joint_trace(samples: list[Any]) -> JointTrace:
    """Joint samples as arrays over time, in order; only names that all of them have."""
    ordered = sorted(samples, key=lambda sample: sample.stamp_ns)
    names = tuple(n for n in ordered[0].names if all(n in s.names for s in ordered))
    rows = [tuple(s.by_name()[n] for n in names) for s in ordered]
    t_s = np.array([s.stamp_ns for s in ordered]) / NS_PER_S
    return JointTrace(t_s, _columns(names, rows))


def _columns(names: tuple[str, ...], rows: list[tuple[float, ...]]) -> dict[str, Any]:
    values = np.array(rows, dtype=float).reshape(-1, len(names))
    return {name: values[:, index] for index, name in enumerate(names)}


def _discard(*subscriptions: PolledSubscription | None) -> None:
    for subscription in subscriptions:
        if subscription is not None:
            subscription.newest()


def _gather(subscription: PolledSubscription, what: str) -> list[Any]:
    """Messages of half a second, counted from the first one."""
    subscription.newest()
    deadline, until = time.monotonic() + SILENT_S, None
    found: list[Any] = []
    while until is None or time.monotonic() < until:
        found.extend(taken.message for taken in subscription.drain())
        if found and until is None:
            until = time.monotonic() + WINDOW_S
        if not found and time.monotonic() > deadline:
            raise DeviceError(f"{what} is silent; start the rig's drivers")
        time.sleep(POLL_S)
    return found


def _stamped(images: PolledSubscription | None) -> Iterator[tuple[float, Image]]:
    for taken in images.drain() if images is not None else ():
        stamp_ns = conversions.stamp_ns(taken.message.header.stamp)
        yield stamp_ns / NS_PER_S, conversions.color_array(taken.message)
