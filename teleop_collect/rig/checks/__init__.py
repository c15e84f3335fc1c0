"""The rig check: what must hold before a robot moves or an episode is recorded. ROS-free.

A node observes the topics (`observation`), puts what it saw into a context (`context`), and `run`
judges it with one check a file. The report (`report`) is the gate that teleop and recorder ask.
"""
