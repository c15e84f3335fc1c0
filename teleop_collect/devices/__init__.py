"""Leader arms, cameras, the simulated rig and its emulated servo bus. Owns hardware, not ROS."""
