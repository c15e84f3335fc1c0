"""Calibration of a rig: its files, and the mathematics that makes them. ROS-free.

`records` says what a calibration file is, `store` where the files of a rig lie and which counts,
`apply` puts the current values into the rig that drivers get. The other modules estimate values
from samples that somebody else gathered.
"""
