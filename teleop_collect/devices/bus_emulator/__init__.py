"""A Dynamixel bus (protocol 2.0) on a pseudo terminal: byte-exact, timed, able to fail on command.

The real driver runs against it through the real SDK; only the copper is missing. It runs as its
own process (`python -m teleop_collect.devices.bus_emulator`), is moved by an emulated hand, and
takes commands on a UNIX socket.
"""
