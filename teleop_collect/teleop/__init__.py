"""From leader to follower: map, align, limit, watch. Pure: no clock of its own, no ROS."""
