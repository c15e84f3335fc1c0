"""From leader to follower: map, align, limit, watch. Pure: no ROS and no clock of its own.

    state             the five states and the one table of transitions
    mapping           leader joints -> the operator's wish for each follower joint
    watchdog          whether leader and follower can be believed now
    alignment         closes the gap between leader and follower before and while engaging
    tracking          the velocity that follows a moving wish without overshoot
    position_limit, velocity_limit, acceleration_limit   one limiter a file
    joint_command     one joint's command through its limiters
    tick              what one tick answers
    chain             one arm: everything above in the order above
    group             all arms of a rig: engaged together, stopped together
    build             the group that a rig file describes
    twist_leader      a leader in numbers only, moved by the twists of a SpaceMouse, made of
                      tool_kinematics, differential_ik, joint_pace and gripper_buttons

This is software on a general-purpose computer: it reduces risk and is no safety function. A real
robot needs its hardware emergency stop.
"""
