"""The rig file, the robot description, the node graph derived from them, and the rig check."""
