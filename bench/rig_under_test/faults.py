"""The faults that are planted, and the check that must find each."""

import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import rclpy
from rclpy.qos import DurabilityPolicy, QoSProfile
from trajectory_msgs.msg import JointTrajectory

from rig_under_test.rig_file import DAY_S, URDF, calibrate_camera, narrow_urdf, write_rig
from rig_under_test.running import RunningRig
from teleop_collect.cli.session import connect_client
from teleop_collect.devices.dynamixel import models

OVERLOAD = 0x20
OFFSET_TICKS = round(math.radians(4.0) / models.RAD_PER_TICK)
HALF_DEGREE_RAD = math.radians(0.5)
ELBOW, WRIST_2 = 3, 5
DISCOVERED_S = 1.5
STEP_AFTER_S = 0.9
"""After the check has begun: it looks for publishers first, then watches for 1.3 s."""
LEFT_THERE_S = 0.4
"""Between planting and looking: images on their way show the time before."""

Plant = Callable[[RunningRig], AbstractContextManager[object] | None]


@dataclass(frozen=True)
class Fault:
    """One kind.

    Attributes:
        name: in words.
        check: the check that must find it.
        plant: makes it; a context manager it returns takes it away, besides `RunningRig.heal`.
        motion: whether it only shows when the arm moves.
    """

    name: str
    check: str
    plant: Plant
    motion: bool = False

    @contextmanager
    def planted(self, rig: RunningRig) -> Iterator[None]:
        """The rig with this fault."""
        try:
            with self.plant(rig) or nullcontext():
                time.sleep(LEFT_THERE_S)
                yield
        finally:
            rig.heal(arm=self.motion)


def camera(**faults: Any) -> Plant:
    return lambda rig: rig.camera(**faults)


def follower(**faults: Any) -> Plant:
    return lambda rig: rig.follower(**faults)


def stepping(node: str, **faults: dict[str, Any]) -> Plant:
    """A device's clock steps by 50 ms in the middle of the check."""

    @contextmanager
    def plant(rig: RunningRig) -> Iterator[None]:
        def step() -> None:
            with connect_client() as client:
                client.appears(f"{node}/set_parameters", STEP_AFTER_S)
                time.sleep(max(0.0, due_s - time.monotonic()))
                client.set_parameters(node, {"faults": json.dumps(faults)})

        due_s = time.monotonic() + LEFT_THERE_S + STEP_AFTER_S
        stepper = threading.Thread(target=step)
        stepper.start()
        try:
            yield
        finally:
            stepper.join()

    return plant


def register(servo_id: int, item: models.Item, value: int, *, replug: bool = False) -> Plant:
    """A register holds another value; some are read only when the arm connects."""

    @contextmanager
    def plant(rig: RunningRig) -> Iterator[None]:
        initial = {models.PRESENT_INPUT_VOLTAGE: 50, models.PRESENT_TEMPERATURE: 30}
        rig.emulator.write(servo_id, item.address, value)
        if replug:
            rig.replug_leader()
        try:
            yield
        finally:
            rig.emulator.write(servo_id, item.address, initial.get(item, 0))
            if replug:
                rig.replug_leader()

    return plant


def leader_servos(**servos: dict[str, Any]) -> Plant:
    """The leader's driver runs with another rig file."""

    @contextmanager
    def plant(rig: RunningRig) -> Iterator[None]:
        rig.restart_leader(write_rig(rig.folder, servos=servos))
        try:
            yield
        finally:
            rig.restart_leader(rig.loaded)

    return plant


@contextmanager
def overload(rig: RunningRig) -> Iterator[None]:
    rig.emulator.hardware_error(2, OVERLOAD)
    try:
        yield
    finally:
        rig.emulator.clear()
        rig.wait_for_leader()


@contextmanager
def narrowed(rig: RunningRig) -> Iterator[None]:
    before = narrow_urdf(rig.folder)
    try:
        yield
    finally:
        (rig.folder / URDF).write_text(before)


def slow_adapter(rig: RunningRig) -> None:
    rig.latency_file.write_text("16\n")


@contextmanager
def deaf_driver(rig: RunningRig) -> Iterator[None]:
    """A driver asks for more than commands are sent with, and hears none of them."""
    context = rclpy.Context()
    rclpy.init(args=[], context=context)
    node = rclpy.create_node("deaf", context=context)
    qos = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    topic = rig.loaded.rig.arms["main"].follower.command_topic
    node.create_subscription(JointTrajectory, topic, lambda _: None, qos)
    try:
        time.sleep(DISCOVERED_S)
        yield
    finally:
        node.destroy_node()
        rclpy.shutdown(context=context)


@contextmanager
def stale_calibration(rig: RunningRig) -> Iterator[None]:
    calibrate_camera(rig.loaded, age_s=200 * DAY_S)
    try:
        yield
    finally:
        calibrate_camera(rig.loaded)


@contextmanager
def foreign_calibration(rig: RunningRig) -> Iterator[None]:
    stored = calibrate_camera(rig.loaded, serial="ANOTHER-CAMERA")
    try:
        yield
    finally:
        stored.path.unlink()


@contextmanager
def corrupt_calibration(rig: RunningRig) -> Iterator[None]:
    stored = calibrate_camera(rig.loaded)
    path = stored.path.with_name("9999.json")
    path.write_bytes(stored.data.replace(b'"fx"', b'"xf"'))
    try:
        yield
    finally:
        path.unlink()


POSES = "leader_follower_poses"
FAULTS: tuple[Fault, ...] = (
    Fault(
        "leader joint offset 4 degrees", POSES,
        register(ELBOW, models.HOMING_OFFSET, OFFSET_TICKS), motion=True,
    ),
    Fault(
        "leader sign flipped", POSES,
        leader_servos(wrist_1={"id": 4, "model": "XL330-M288", "sign": -1}), motion=True,
    ),
    Fault(
        "leader joint order swapped", POSES,
        leader_servos(
            wrist_2={"id": 6, "model": "XL330-M288"}, wrist_3={"id": 5, "model": "XL330-M288"}
        ),
        motion=True,
    ),
    Fault("follower sign flipped", "follower_order", follower(reversed=["elbow"]), motion=True),
    Fault(
        "follower joint order swapped", "follower_order",
        follower(swapped=["wrist_1", "wrist_2"]), motion=True,
    ),
    Fault("servo stuck", "follower_stuck", follower(stuck=["elbow"]), motion=True),
    Fault("gripper stuck", "gripper_range", follower(stuck=["gripper"]), motion=True),
    Fault("follower lags 0.35 s", "follower_lag", follower(lag_s=0.35), motion=True),
    Fault("joint limit wider than URDF", "limits_within_urdf", narrowed),
    Fault("encoder noise", "encoder_noise", follower(encoder_noise=0.02)),
    Fault("overload alert", "servo_errors", overload),
    Fault("bus latency 16 ms", "adapter_latency", slow_adapter),
    Fault(
        "servo supply 3 V", "servo_power",
        register(WRIST_2, models.PRESENT_INPUT_VOLTAGE, 30, replug=True),
    ),
    Fault(
        "servo at 68 degrees C", "servo_power",
        register(WRIST_2, models.PRESENT_TEMPERATURE, 68, replug=True),
    ),
    Fault(
        "servo answers 200 us late", "servo_settings",
        register(WRIST_2, models.RETURN_DELAY_TIME, 100, replug=True),
    ),
    Fault(
        "camera moved 5 mm and 0.5 degrees", "camera_extrinsics",
        camera(moved_m=[0.005, 0.0, 0.0], turned_rad=[0.0, HALF_DEGREE_RAD, 0.0]),
    ),
    Fault("camera moved 5 mm", "camera_extrinsics", camera(moved_m=[0.0, 0.005, 0.0])),
    Fault(
        "camera turned 0.5 degrees", "camera_extrinsics",
        camera(turned_rad=[HALF_DEGREE_RAD, 0.0, 0.0]),
    ),
    Fault("camera moved -5 mm", "camera_extrinsics", camera(moved_m=[-0.005, 0.0, 0.0])),
    Fault(
        "camera turned -0.5 degrees", "camera_extrinsics",
        camera(turned_rad=[0.0, -HALF_DEGREE_RAD, 0.0]),
    ),
    Fault("intrinsics of another camera", "camera_calibration", camera(focal_factor=1.04)),
    Fault("lens of another unit", "camera_calibration", camera(focal_factor=0.985)),
    Fault(
        "principal point of another unit", "camera_calibration",
        camera(principal_px=[4.0, -3.0]),
    ),
    Fault("depth scale x10", "depth_scale", camera(depth_factor=10.0)),
    Fault("depth and colour 4 px apart", "depth_alignment", camera(depth_shift_px=4)),
    Fault("depth with holes", "depth_fill", camera(depth_holes=0.7)),
    Fault("camera at 15 fps", "stream_rates", camera(fps=15.0)),
    Fault("camera blurred", "camera_sharpness", camera(blur_px=1.5)),
    Fault("camera dark", "camera_exposure", camera(brightness=0.1)),
    Fault("camera frozen", "camera_frozen", camera(frozen=True)),
    Fault("wrench biased by 2 N", "wrench_bias", follower(wrench_bias_n=[0.0, 2.0, 0.0])),
    Fault("wrench frozen", "wrench_alive", follower(wrench_frozen=True)),
    Fault("wrench noisy", "wrench_noise", follower(wrench_noise_n=3.0)),
    Fault("camera clock 50 ms behind", "clock_offset", camera(stamp_offset_s=-0.05)),
    Fault("follower clock 50 ms ahead", "clock_offset", follower(stamp_offset_s=0.05)),
    Fault(
        "follower clock steps 50 ms during the check", "clock_drift",
        stepping("sim_rig", main={"stamp_offset_s": 0.05}),
    ),
    Fault(
        "camera clock steps -50 ms during the check", "clock_drift",
        stepping("camera", scene={"stamp_offset_s": -0.05}),
    ),
    Fault("QoS incompatible", "topic_qos", deaf_driver),
    Fault("stale calibration", "calibration_age", stale_calibration),
    Fault("corrupt calibration file", "calibration_files", corrupt_calibration),
    Fault("calibration of another serial", "device_serials", foreign_calibration),
    Fault("wrong camera serial", "device_serials", camera(serial="ANOTHER-CAMERA")),
)  # fmt: skip
