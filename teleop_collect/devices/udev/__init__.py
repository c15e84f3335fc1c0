"""Rules for udev(7): which supported devices are attached, and what lets a person use them.

Owns: finding devices in sysfs, their symlinks by the rig file, the text of a rules file and the
plan of installing it. Never asks for more rights than the caller has, and opens no device.
"""
