"""Arguments -> one core call -> exit code. Owns no logic and imports no ROS."""
