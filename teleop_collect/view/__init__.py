"""Opens an episode in Rerun, laid out: cameras, depth, joints, wrench, events, robot.

Rerun does the showing (extra `view`); here is only what of an episode goes where.
"""
