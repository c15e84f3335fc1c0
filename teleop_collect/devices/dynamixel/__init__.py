"""Dynamixel servos through the vendor's SDK: control table, port, scaling and the leader arm."""
