"""The only ROS code: each node converts, makes one core call and publishes."""
