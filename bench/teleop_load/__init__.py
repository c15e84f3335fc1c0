"""What the teleoperation benches share: an emulated arm, timed drivers, a relay, LeRobot's loop.

Nothing here is part of the package; it measures the package from outside.
"""
