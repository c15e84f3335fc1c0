"""What each kind of calibration measures. Lengths m, angles rad, forces N, torques Nm, times s."""

from typing import Annotated, Literal

from pydantic import Field

from teleop_collect.rig.section import Positive, Section, Vector3

Quaternion = tuple[float, float, float, float]


class JointZero(Section):
    """Where a servo's joint is zero and which way it turns; as `zero_rad` and `sign` of a servo.

    Joint position = sign * scale * (servo angle - zero_rad) + offset, scale and offset of the rig
    file.
    """

    zero_rad: float
    sign: Literal[-1, 1]


class JointZeros(Section):
    """Homing offsets and directions of an arm of servos."""

    kind: Literal["leader", "follower"]
    joints: dict[str, JointZero]


class CameraIntrinsics(Section):
    """A pinhole camera with the distortion model `plumb_bob` of ROS and OpenCV."""

    kind: Literal["camera"] = "camera"
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    fx: Positive
    """Focal length, px."""
    fy: Positive
    cx: float
    """Principal point, px; the centre of the first pixel is (0, 0)."""
    cy: float
    distortion: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)
    """k1, k2, p1, p2, k3."""


class RigidTransform(Section):
    """A transform `target_from_source`."""

    position_m: Vector3
    quat_xyzw: Quaternion


class Board(Section):
    """A ChArUco board: chessboard with ArUco markers in its white squares."""

    columns: Annotated[int, Field(ge=3, le=40)] = 7
    """Squares along x."""
    rows: Annotated[int, Field(ge=3, le=40)] = 5
    square_m: Positive = 0.04
    marker_m: Positive = 0.03
    dictionary: Annotated[str, Field(pattern=r"^DICT_[A-Z0-9_]+$")] = "DICT_4X4_50"
    """Name of OpenCV's predefined dictionary."""


class HandEye(Section):
    """Where a camera sits, and where the board was by which that was found."""

    kind: Literal["hand_eye"] = "hand_eye"
    mode: Literal["eye_in_hand", "eye_to_hand"]
    parent: str
    """What the camera is fixed to, as `mount.parent` of the rig file: `world` or `ARM/LINK`."""
    parent_from_camera: RigidTransform
    """Pose of the optical frame (x right, y down, z forward)."""
    board: Board
    board_parent: str
    """What the board was fixed to: `world` (eye in hand) or `ARM/LINK` (eye to hand)."""
    board_parent_from_board: RigidTransform


class WrenchLoad(Section):
    """What a force-torque sensor reports without contact: its bias, and the tool's weight."""

    kind: Literal["wrench"] = "wrench"
    frame_id: str
    bias_force_n: Vector3
    bias_torque_nm: Vector3
    tool_mass_kg: Annotated[float, Field(ge=0)]
    tool_center_m: Vector3
    """Centre of gravity of all that hangs on the sensor, in the sensor's frame."""


class Latency(Section):
    """How much later something shows in the data than it happened; positive is later."""

    kind: Literal["latency"] = "latency"
    camera_s: float | None = None
    """Image stamps against joint stamps: a motion shows in images this much later."""
    action_to_state_s: dict[str, float] = Field(default_factory=dict)
    """By joint: a command shows in the measured position this much later."""


Values = Annotated[
    JointZeros | CameraIntrinsics | HandEye | WrenchLoad | Latency, Field(discriminator="kind")
]
