"""A leader in numbers only: exact frames, a tracked circle, limits, singular postures, rest."""

import math

import numpy as np
import pytest
from support.twist_arm import (
    BASE,
    DT_S,
    HOME,
    JOINTS,
    STRETCHED,
    TOOL,
    UTC_NS,
    Reference,
    TwistDriver,
    soft_bounds,
    twist_arm,
    twist_config,
)

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import JointMapping
from teleop_collect.samples import JointSample
from teleop_collect.teleop.leader_doubted import LeaderDoubted
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.mapping import JointsUnreadable
from teleop_collect.teleop.twist_leader import TwistLeader

REFERENCE = Reference()
VELOCITY_LIMITS = np.array([3.0, 3.0, 3.0, 4.0, 4.0, 4.0, 0.25])
SOFT_LOWER = np.array([-2.88, -2.58, -2.58, -2.58, -1.88, -3.08, 0.0])
SOFT_UPPER = np.array([2.88, 0.58, 2.58, 2.58, 1.88, 3.08, 0.04])
CLUTCH_BUTTON = 1


def clutch_arm():
    return twist_arm(twist_config(buttons={"gripper_close": None, "clutch": CLUTCH_BUTTON}))


def rotation_angle(rotation: np.ndarray) -> float:
    return math.acos(min(1.0, (np.trace(rotation) - 1.0) / 2.0))


def rotation_vector(rotation: np.ndarray) -> np.ndarray:
    skew = (rotation - rotation.T) / 2.0
    axis = np.array([skew[2, 1], skew[0, 2], skew[1, 0]])
    sine = np.linalg.norm(axis)
    return axis if sine == 0.0 else axis / sine * math.asin(min(1.0, sine))


def settled_motion(frame: str, linear, angular) -> tuple[np.ndarray, np.ndarray]:
    """Velocity of the tool in the twist's own axes, over one tick after the start is over."""
    driver = TwistDriver()
    driver.step(60, linear=linear, angular=angular, frame=frame)
    before, after = (REFERENCE.base_from_tool(s.position) for s in driver.samples[-2:])
    moved = (after[:3, 3] - before[:3, 3]) / DT_S
    turned = rotation_vector(after[:3, :3] @ before[:3, :3].T) / DT_S
    if frame == TOOL:
        tool_from_base = before[:3, :3].T
        return tool_from_base @ moved, tool_from_base @ turned
    return moved, turned


@pytest.mark.parametrize("frame", [BASE, TOOL])
@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_translation_moves_along_its_axis_and_turns_nothing(frame, axis, sign):
    linear = np.zeros(3)
    linear[axis] = 0.05 * sign
    moved, turned = settled_motion(frame, tuple(linear), (0.0, 0.0, 0.0))
    assert moved == pytest.approx(linear, abs=1e-6)
    assert turned == pytest.approx(np.zeros(3), abs=1e-6)


@pytest.mark.parametrize("frame", [BASE, TOOL])
@pytest.mark.parametrize("axis", range(3))
def test_a_rotation_turns_about_its_axis_through_the_tool(frame, axis):
    angular = np.zeros(3)
    angular[axis] = 0.3
    moved, turned = settled_motion(frame, (0.0, 0.0, 0.0), tuple(angular))
    # The chord of a turning tool's velocity over one tick, second order in the tick.
    assert turned == pytest.approx(angular, abs=1e-5)
    assert moved == pytest.approx(np.zeros(3), abs=1e-5)


def test_a_circle_at_100_mm_per_s_is_tracked():
    driver = TwistDriver()
    start = REFERENCE.base_from_tool(driver.positions)
    radius_m, speed_m_s = 0.08, 0.1
    ticks = round(2 * 2 * math.pi * radius_m / speed_m_s / DT_S)
    errors_m, turned_rad = [], 0.0
    for tick in range(ticks):
        angle = speed_m_s / radius_m * (tick + 0.5) * DT_S
        driver.step(linear=(0.0, -speed_m_s * math.sin(angle), speed_m_s * math.cos(angle)))
        pose = REFERENCE.base_from_tool(driver.positions)
        angle = speed_m_s / radius_m * (tick + 1) * DT_S
        ideal = start[:3, 3] + radius_m * np.array([0.0, math.cos(angle) - 1.0, math.sin(angle)])
        errors_m.append(np.linalg.norm(pose[:3, 3] - ideal))
        turned_rad = max(turned_rad, rotation_angle(pose[:3, :3].T @ start[:3, :3]))
    assert math.sqrt(np.mean(np.square(errors_m))) <= 0.002
    # What is lost is lost while speeding up; from there on nothing drifts.
    assert errors_m[-1] - errors_m[20] == pytest.approx(0.0, abs=1e-5)
    assert turned_rad < 1e-5


def test_at_rest_nothing_moves_at_all():
    driver = TwistDriver()
    driver.step(2000)
    assert driver.samples[-1].position == HOME
    assert driver.samples[-1].velocity == (0.0,) * 7


def test_stopping_ends_in_a_standstill_that_lasts():
    driver = TwistDriver()
    driver.step(50, linear=(0.0, 0.1, 0.0))
    driver.step(20)
    stood = driver.samples[-1].position
    driver.step(200)
    assert driver.samples[-1].position == stood


@pytest.mark.parametrize("direction", [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, -1)])
def test_positions_speeds_and_accelerations_keep_to_the_limits_whatever_is_asked(direction):
    driver = TwistDriver()
    driver.step(1200, linear=tuple(2.0 * v for v in direction), angular=(0.0, 1.5, 0.0))
    positions = np.array([s.position for s in driver.samples])
    velocities = np.array([s.velocity for s in driver.samples])
    assert np.isfinite(positions).all()
    assert (positions >= SOFT_LOWER - 1e-9).all()
    assert (positions <= SOFT_UPPER + 1e-9).all()
    assert (np.abs(velocities) <= VELOCITY_LIMITS + 1e-9).all()
    assert np.diff(positions, axis=0) / DT_S == pytest.approx(velocities[1:], abs=1e-9)


def test_a_joint_limit_stops_the_tool_on_its_line_and_lets_it_back():
    driver = TwistDriver()
    start = REFERENCE.base_from_tool(driver.positions)
    driver.step(1500, angular=(0.0, 0.0, 0.5), frame=TOOL)
    stopped = driver.positions
    assert stopped[5] == pytest.approx(3.08, abs=1e-3)
    assert driver.samples[-1].velocity == pytest.approx((0.0,) * 7, abs=1e-3)
    pose = REFERENCE.base_from_tool(stopped)
    assert pose[:3, 3] == pytest.approx(start[:3, 3], abs=1e-4)
    assert pose[:3, 2] == pytest.approx(start[:3, 2], abs=1e-4)
    driver.step(100, angular=(0.0, 0.0, -0.5), frame=TOOL)
    assert driver.positions[5] < stopped[5] - 0.2


@pytest.mark.parametrize("start", [STRETCHED, (0.0, -1.3, 0.2, 1.3, 0.0, 0.0, 0.02)])
@pytest.mark.parametrize("frame", [BASE, TOOL])
def test_through_a_singular_posture_everything_stays_bounded(start, frame):
    driver = TwistDriver(start=start)
    for linear in [(0.2, 0.0, 0.0), (0.0, 0.0, 0.2), (-0.2, 0.0, -0.2), (0.0, 0.2, 0.0)]:
        driver.step(300, linear=linear, angular=(0.4, -0.4, 0.4), frame=frame)
    positions = np.array([s.position for s in driver.samples])
    velocities = np.array([s.velocity for s in driver.samples])
    assert np.isfinite(positions).all()
    assert (np.abs(velocities) <= VELOCITY_LIMITS + 1e-9).all()
    assert (np.abs(np.diff(velocities[:, :6], axis=0)) <= 2 * 20.0 * DT_S + 1e-9).all()


def test_pushed_against_its_reach_the_arm_stands_and_comes_back():
    driver = TwistDriver(start=(0.0, -1.0, 0.6, 0.4, 0.3, 0.0, 0.02))
    out, back = (0.1, 0.0, 0.0), (-0.1, 0.0, 0.0)
    driver.step(1200, linear=out)
    reached = REFERENCE.base_from_tool(driver.positions)[0, 3]
    driver.step(200, linear=out)
    assert REFERENCE.base_from_tool(driver.positions)[0, 3] - reached < 0.02
    driver.step(600, linear=back)
    assert REFERENCE.base_from_tool(driver.positions)[0, 3] < reached - 0.1


def test_gripper_buttons_move_the_gripper_to_its_ends_alone():
    driver = TwistDriver()
    driver.step(100, buttons=(1, 0))
    assert driver.positions[6] == pytest.approx(0.04)
    driver.step(10, buttons=(0, 1))
    assert driver.positions[6] == pytest.approx(0.04 - 10 * DT_S * 0.05)
    driver.step(10, buttons=(1, 1))
    assert driver.positions[6] == pytest.approx(0.04 - 10 * DT_S * 0.05)
    driver.step(1, buttons=(0, 1))
    assert driver.samples[-1].velocity[6] == pytest.approx(-0.05)
    driver.step(300, buttons=(0, 1))
    assert driver.positions[6] == 0.0
    assert tuple(driver.positions[:6]) == HOME[:6]


def test_the_gripper_keeps_to_its_joints_speed_and_comes_back_from_outside():
    driver = TwistDriver(twist_arm(twist_config(gripper_speed=9.0)), start=(*HOME[:-1], 0.05))
    driver.step(10, buttons=(1, 0))
    assert driver.positions[6] == 0.05
    driver.step(buttons=(0, 1))
    assert driver.positions[6] == pytest.approx(0.05 - 0.25 * DT_S)


def test_the_clutch_stands_until_it_is_let_go_and_the_cap_has_rested():
    driver = TwistDriver(clutch_arm())
    driver.step(20, linear=(0.05, 0.0, 0.0))
    driver.step(20, linear=(0.05, 0.0, 0.0), buttons=(0, 1))
    stood = driver.samples[-1].position
    driver.step(50, linear=(0.05, 0.0, 0.0), buttons=(0, 1))
    driver.step(50, linear=(0.05, 0.0, 0.0))
    assert driver.samples[-1].position == stood
    driver.step()
    driver.step(5, linear=(0.05, 0.0, 0.0))
    assert driver.samples[-1].position != stood


def test_a_cap_that_is_deflected_at_reset_moves_nothing_before_it_rested():
    driver = TwistDriver(rested=False)
    driver.step(50, linear=(0.1, 0.0, 0.0))
    assert driver.samples[-1].position == HOME
    driver.step()
    driver.step(5, linear=(0.1, 0.0, 0.0))
    assert driver.samples[-1].position != HOME


def test_without_a_live_device_there_is_no_sample_and_no_motion_when_it_returns():
    driver = TwistDriver()
    moving = driver.twist(linear=(0.1, 0.0, 0.0))
    driver.advance(moving)
    last = driver.advance(moving)
    assert driver.advance(None) is None
    assert driver.advance(moving).position == last.position
    assert driver.advance(driver.twist()).position == last.position
    assert driver.advance(moving).position != last.position


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_twist_that_is_no_number_is_named_and_moves_nothing_afterwards(value):
    driver = TwistDriver()
    for twist, name in (
        (driver.twist(linear=(0.0, value, 0.0)), "linear y"),
        (driver.twist(angular=(value, 0.0, 0.0)), "angular x"),
    ):
        with pytest.raises(LeaderDoubted, match=f"twist {name} is {value}, must be") as refused:
            driver.advance(twist)
        assert refused.value.doubt.bits == LimiterBits.NOT_FINITE
        assert driver.leader.permitted.tolist() == [0.0] * 6
    assert driver.advance(driver.twist(linear=(0.1, 0.0, 0.0))).position == HOME


def test_a_huge_twist_keeps_its_direction_and_the_joints_limits():
    driver = TwistDriver()
    driver.step(20, linear=(0.0, 1e308, -1e308))
    assert np.isfinite(driver.positions).all()
    start, end = (REFERENCE.base_from_tool(p)[:3, 3] for p in (HOME, driver.positions))
    assert (end - start)[1] == pytest.approx(-(end - start)[2], abs=1e-3)
    assert (end - start)[1] > 0.01


def test_before_reset_there_is_no_sample():
    arm = twist_arm()
    leader = TwistLeader(arm, REFERENCE.description, soft_bounds(arm))
    assert leader.update(TwistDriver().twist(), DT_S, UTC_NS) is None


def test_reset_takes_joints_by_name_and_refuses_what_is_no_posture():
    driver = TwistDriver()
    driver.leader.reset(JointSample(UTC_NS, tuple(reversed(JOINTS)), tuple(reversed(HOME))))
    assert driver.step().position == HOME
    with pytest.raises(JointsUnreadable, match="misses joint gripper"):
        driver.leader.reset(JointSample(UTC_NS, JOINTS[:-1], HOME[:-1]))
    with pytest.raises(JointsUnreadable, match="not all finite"):
        driver.leader.reset(JointSample(UTC_NS, JOINTS, (*HOME[:-1], math.nan)))
    with pytest.raises(JointsUnreadable, match="not all finite"):
        driver.step(follower=JointSample(UTC_NS, JOINTS, (math.inf, *HOME[1:])))
    assert driver.step().position == HOME


def test_a_pause_is_not_made_up_for():
    driver = TwistDriver()
    driver.step(40, linear=(0.1, 0.0, 0.0))
    before = REFERENCE.base_from_tool(driver.positions)[:3, 3]
    sample = driver.leader.update(driver.twist(linear=(0.1, 0.0, 0.0)), 5.0, driver.stamp_ns)
    moved = REFERENCE.base_from_tool(sample.position)[:3, 3] - before
    assert moved == pytest.approx((0.005, 0.0, 0.0), abs=1e-5)
    again = driver.leader.update(driver.twist(linear=(0.1, 0.0, 0.0)), -1.0, driver.stamp_ns)
    assert again.position == sample.position


def test_a_follower_that_is_held_up_is_led_by_a_bounded_distance():
    driver = TwistDriver()
    held = driver.follower(HOME)
    driver.step(2000, follower=held, linear=(0.0, 0.0, -0.1))
    lead = np.abs(driver.positions - np.array(HOME))
    assert lead.max() == pytest.approx(0.2, abs=1e-9)
    driver.step(20, follower=held, linear=(0.0, 0.0, 0.1))
    assert np.abs(driver.positions - np.array(HOME)).max() < 0.2


def test_the_gripper_may_run_ahead_of_what_it_holds():
    driver = TwistDriver()
    driver.step(300, follower=driver.follower(HOME), buttons=(0, 1))
    assert driver.positions[6] == 0.0


def test_the_frame_of_the_rig_file_becomes_a_link():
    assert TwistDriver().leader.frame_id == BASE
    assert TwistDriver(twist_arm(twist_config(frame="tool"))).leader.frame_id == TOOL


def test_a_twist_in_another_frame_is_refused():
    driver = TwistDriver()
    expected = "in frame 'camera'; it must be 'base_link' or 'tool0'"
    with pytest.raises(LeaderDoubted, match=expected) as refused:
        driver.step(linear=(0.1, 0.0, 0.0), frame="camera")
    assert refused.value.doubt.bits == LimiterBits.BAD_FRAME


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mapping": {"gripper": JointMapping(scale=0.04)}}, "remove the mapping"),
        ({"tool_frame": "tool9"}, "tool_frame 'tool9' is not a link of"),
        ({"joints": JOINTS[:-1]}, "gripper_joint 'gripper' is none of the arm's joints"),
    ],
)
def test_an_arm_that_does_not_fit_is_refused(changes, message):
    arm = twist_arm(**changes)
    with pytest.raises(ConfigError, match=message):
        TwistLeader(arm, REFERENCE.description, soft_bounds(arm))


def test_an_arm_without_gripper_ignores_its_buttons():
    arm = twist_arm(twist_config(gripper_joint=None), joints=JOINTS[:-1])
    driver = TwistDriver(arm, start=HOME[:-1])
    driver.step(10, buttons=(1, 0))
    assert driver.samples[-1].position == HOME[:-1]
