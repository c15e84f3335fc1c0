"""Where the synthetic arm's tool is, by turning vectors joint by joint: no code under test."""

import numpy as np
from support.synthetic_streams import NS, Plan, Sample, Stream


def turned(axis: str, angle: float, v: np.ndarray) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    x, y, z = v
    return (
        np.array([c * x - s * y, s * x + c * y, z])
        if axis == "z"
        else np.array([c * x + s * z, y, c * z - s * x])
    )


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Product of two quaternions x, y, z, w."""
    (ax, ay, az, aw), (bx, by, bz, bw) = a, b
    return np.array(
        [
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
            aw * bw - ax * bx - ay * by - az * bz,
        ]
    )


def tool_of(position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Position, m, and quaternion x, y, z, w of the tool: six joints in turn about z and y."""
    point, quat = np.array([0.0, 0.0, 0.1]), np.array([0.0, 0.0, 0.0, 1.0])
    for number in range(6, 0, -1):
        axis = "z" if number % 2 else "y"
        half = position[number - 1] / 2
        unit = (0.0, 0.0, np.sin(half)) if axis == "z" else (0.0, np.sin(half), 0.0)
        point = turned(axis, position[number - 1], point) + np.array([0.0, 0.0, 0.1])
        quat = product(np.array([*unit, np.cos(half)]), quat)
    return point, quat


def add_tool_pose(plan: Plan) -> None:
    """The follower's tool pose, with each fourth joint state."""
    samples = []
    for joints in plan.streams["/follower/joint_states"].samples[::4]:
        point, quat = tool_of(joints.value["position"])
        value = {"position": point, "quat_xyzw": quat}
        samples.append(Sample(joints.stamp_ns, joints.stamp_ns + NS // 2000, value))
    stream = Stream("geometry_msgs/msg/PoseStamped", 50.0, False, samples)
    plan.streams["/follower/tool_pose"] = stream
